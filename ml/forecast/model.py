"""What training learns: the weight of each candidate and the width of the intervals, as tables that any later panel can use.

A series that training never saw takes its level's row (`account_service|*`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast import ensemble
from ml.forecast.intervals import half_widths
from ml.forecast.panel import BOTTOM, Panel
from ml.forecast.reconcile import coherent
from ml.forecast.windows import Windows, buckets

POOL = "*"


@dataclass(frozen=True)
class Learned:
    """One grain (days or months). `weights`: (unique_id, last step of the bucket) × candidate. `widths`: (unique_id, last
    step) × nominal level in %, half widths relative to a series' size. Each level has a row `level|*`."""

    weights: pd.DataFrame
    widths: pd.DataFrame
    steps: int

    def weight_of(self, ids: Sequence[str], levels: Sequence[str]) -> np.ndarray:
        """candidates × steps × series."""
        return _spread(self.weights, ids, levels, self.steps)

    def width_of(self, ids: Sequence[str], levels: Sequence[str]) -> dict[int, np.ndarray]:
        """Nominal level -> steps × series."""
        made = _spread(self.widths, ids, levels, self.steps)
        return {int(str(nominal)): made[number] for number, nominal in enumerate(self.widths.columns)}


def learn(
    panel: Panel,
    windows: Windows,
    config: Mapping[str, Any],
    ends: Sequence[int],
    override: np.ndarray | None = None,
) -> Learned:
    """Weights and intervals from windows whose truth is known (Windows.before).

    The intervals are those of the forecasts as they are given, combined and coherent, each with weights of the windows before
    it: its own errors would make them look better than they are. `override`: origins × steps × series that are given in place
    of the combination (months that the days' forecasts cover), NaN elsewhere.
    """
    keys = panel.keys.loc[list(windows.ids)]
    levels = list(keys["level"])
    steps = windows.said.shape[2]
    pooled = _with_pool(windows, levels)
    weight = ensemble.weights(pooled, [*levels, *_names(levels)], config, ends, steps)
    given = given_by(windows, _rolling(windows, levels, config, ends), keys, config, set(panel.at(BOTTOM)))
    if override is not None:
        given = np.where(np.isnan(override), given, override)
    return Learned(
        _table(dict(zip(windows.names, weight, strict=True)), pooled.ids, ends, steps),
        widths_of(windows.came - given, windows.scale, windows.ids, levels, config, ends),
        steps,
    )


def _rolling(
    windows: Windows, levels: Sequence[str], config: Mapping[str, Any], ends: Sequence[int]
) -> np.ndarray:
    """The weights that each origin would have had, from the windows before it and their truth until then."""
    steps, made = windows.said.shape[2], []
    for origin in windows.origins:
        known = windows.before(origin, len(windows.origins))
        made.append(ensemble.weights(known, levels, config, ends, steps))
    shape = (0, len(windows.names), steps, len(windows.ids))
    return np.stack(made) if made else np.empty(shape)


def widths_of(
    errors: np.ndarray,
    scale: np.ndarray,
    ids: Sequence[str],
    levels: Sequence[str],
    config: Mapping[str, Any],
    ends: Sequence[int],
) -> pd.DataFrame:
    """Half widths of each series and of each level as a whole (see Learned). `errors`: origins × steps × series, NaN where
    unknown."""
    names = _names(levels)
    more = np.full((*errors.shape[:-1], len(names)), np.nan)
    wider = np.concatenate([errors, more], axis=-1)
    size = np.concatenate([scale, np.full((len(scale), len(names)), np.nan)], axis=-1)
    width = half_widths(wider, size, [*levels, *names], config, ends)
    return _table(width, [*ids, *[f"{name}|{POOL}" for name in names]], ends, errors.shape[1])


def given_by(
    windows: Windows,
    weight: np.ndarray,
    keys: pd.DataFrame,
    config: Mapping[str, Any],
    bottoms: Collection[str],
) -> np.ndarray:
    """The forecasts that would have been given at each origin: origins × steps × series, NaN for series that had not begun.

    `weight`: candidates × steps × series, or such for each origin. Coherent where the windows hold all bottom series; of a
    part of them nothing can be summed.
    """
    whole = set(bottoms) <= set(windows.ids)
    made = np.full((len(windows.origins), *windows.came.shape[1:]), np.nan)
    for number in range(len(windows.origins)):
        there = ~np.isnan(windows.scale[number])
        if there.any():
            said = windows.said[number][..., there].astype(float)
            own = weight if weight.ndim == 3 else weight[number]
            single = ensemble.combined(said, own[..., there], np.zeros(1))
            made[number][:, there] = coherent(single, keys[there], config) if whole else single
    return made


def calibrated_ids(panel: Panel, config: Mapping[str, Any]) -> list[str]:
    """The series that learn their own weights and widths: all above the bottom, and the most expensive of it."""
    largest = set(panel.by_spend(BOTTOM)[: config["calibration_series"]])
    return [
        name
        for name, level in zip(panel.keys.index, panel.keys["level"], strict=True)
        if level != BOTTOM or name in largest
    ]


def _with_pool(windows: Windows, levels: Sequence[str]) -> Windows:
    """One more series a level without any window: it gets what the level has in common."""
    more = len(_names(levels))
    ids = [*windows.ids, *[f"{level}|{POOL}" for level in _names(levels)]]

    def wider(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array, np.full((*array.shape[:-1], more), np.nan)], axis=-1)

    return replace(
        windows, ids=ids, said=wider(windows.said), came=wider(windows.came), scale=wider(windows.scale)
    )


def _names(levels: Sequence[str]) -> list[str]:
    return sorted(set(levels))


def _table(
    values: Mapping[Any, np.ndarray], ids: Sequence[str], ends: Sequence[int], steps: int
) -> pd.DataFrame:
    """One row per series and bucket: the values of the bucket's first step hold for all of it."""
    parts = []
    for bucket in buckets(ends, steps):
        frame = pd.DataFrame({name: array[bucket.start] for name, array in values.items()})
        frame.index = pd.MultiIndex.from_product([ids, [bucket.stop]], names=["unique_id", "until"])
        parts.append(frame)
    return pd.concat(parts).sort_index()


def _spread(table: pd.DataFrame, ids: Sequence[str], levels: Sequence[str], steps: int) -> np.ndarray:
    """columns × steps × series of a table; a series without a row takes its level's."""
    known = set(table.index.get_level_values(0))
    asked = [name if name in known else f"{level}|{POOL}" for name, level in zip(ids, levels, strict=True)]
    made = np.empty((table.shape[1], steps, len(asked)))
    start = 0
    for until in sorted(set(table.index.get_level_values(1))):
        rows = table.xs(until, level=1).reindex(asked)
        made[:, start:until] = rows.to_numpy(dtype=float).T[:, None, :]
        start = until
    return made
