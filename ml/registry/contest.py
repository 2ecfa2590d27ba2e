"""Challenger against champion: measured on the last windows, neither having learned from them; who wins is a pure decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.candidates import seasonal_naive
from ml.forecast.model import Learned, given_by
from ml.forecast.panel import BOTTOM, Panel
from ml.forecast.train import History, Trained, train
from ml.forecast.windows import Windows

MONTH = 28


@dataclass(frozen=True)
class Standing:
    """How a model did on the last windows. `accuracy`: 1 − WAPE of the totals of 28 days per account × service;
    `organisation`: that of the organisation's days; `coverage`: share of the days inside the 80 % interval, None where it
    gives none; `windows`: origins."""

    model: str
    accuracy: float
    organisation: float
    coverage: float | None
    windows: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Decision:
    """Whether a challenger becomes the champion, and the reason as a key of finlake/messages/models.yml with its values.
    `stands_in`: it isn't, and serves until there is one."""

    promote: bool
    reason: str
    values: Mapping[str, Any]
    stands_in: bool = False


def decide(
    challenger: Standing | None,
    champion: Standing | None,
    naive: Standing | None,
    rules: Mapping[str, Any],
    provisional: Standing | None = None,
) -> Decision:
    """Promote only a challenger that beats the champion and the seasonal naive with its coverage in the band.

    Without a champion there would be no forecast. A version that beats the naive then stands in, whatever its coverage, unless
    `provisional`, which does so already, is more accurate; and so does one where fewer windows than `rules["least_windows"]` are
    known and nothing can be measured.
    """
    if challenger is None or naive is None or challenger.windows < rules["least_windows"]:
        windows = challenger.windows if challenger else 0
        known = {"windows": windows, "least": rules["least_windows"]}
        if champion is None:
            return Decision(False, "provisional", known, stands_in=True)
        return Decision(False, "too_few_windows", known)
    values = {"challenger": _percent(challenger.accuracy), "naive": _percent(naive.accuracy)}
    if challenger.accuracy <= naive.accuracy:
        return Decision(False, "not_better_than_naive", values)
    low, high = rules["coverage"]
    if challenger.coverage is None or not low <= challenger.coverage <= high:
        covered = {"covered": _percent(challenger.coverage or 0.0)}
        band = {"low": _percent(low), "high": _percent(high)}
        if champion is None and (provisional is None or challenger.accuracy > provisional.accuracy):
            return Decision(False, "provisional_coverage", values | covered | band, stands_in=True)
        return Decision(False, "coverage_out_of_band", values | covered | band)
    if champion is not None and challenger.accuracy <= champion.accuracy:
        return Decision(False, "not_better_than_champion", values | {"champion": _percent(champion.accuracy)})
    before = _percent(champion.accuracy) if champion else "–"
    return Decision(True, "better", values | {"champion": before})


def standings(
    history: History,
    as_of: pd.Timestamp,
    config: Mapping[str, Any],
    serving: Trained | None,
    most: int,
    role: str = "champion",
) -> dict[str, Standing]:
    """`challenger`, `seasonal_naive` and what is `serving` in its role (`champion` or `provisional`), on the last `most` origins
    whose 28 days are known; empty where there are none.

    The challenger learns anew at each origin from what was known then; the other is as it was trained, which favours it where an
    origin is older than it. One that wants a candidate that the windows don't hold can't be measured, and has no standing.
    """
    windows = history.days.before(as_of, len(history.days.origins))
    known = [n for n, origin in enumerate(windows.origins) if (as_of - origin).days >= MONTH][-most:]
    if not known:
        return {}
    said: dict[str, list[_Said]] = {"challenger": [], "seasonal_naive": []}
    if serving is not None and set(serving.days.weights.columns) <= set(windows.names):
        said[role] = []
    for number in known:
        origin = windows.origins[number]
        panel = history.panel.until(origin)
        one = windows.at(number).of([name for name in windows.ids if name in panel.keys.index])
        learned = train(history, origin, config).days
        said["challenger"].append(_said(one, panel, learned, config))
        if role in said and serving is not None:
            said[role].append(_said(one, panel, serving.days, serving.config))
        naive = seasonal_naive(panel.values[list(one.ids)], MONTH, config).to_numpy()
        said["seasonal_naive"].append(_Said(naive, None, one, panel))
    return {model: _standing(model, parts) for model, parts in said.items()}


@dataclass(frozen=True)
class _Said:
    """28 days × series that a model gave at one origin, the half width of its 80 % interval, and the window's truth."""

    given: np.ndarray
    width: np.ndarray | None
    window: Windows
    panel: Panel


def _said(window: Windows, panel: Panel, learned: Learned, config: Mapping[str, Any]) -> _Said:
    keys = panel.keys.loc[list(window.ids)]
    levels, names = list(keys["level"]), list(learned.weights.columns)
    order = [list(window.names).index(name) for name in names]
    ordered = replace(window, names=names, said=window.said[:, order])
    weight = learned.weight_of(window.ids, levels)
    given = given_by(ordered, weight, keys, config, set(panel.at(BOTTOM)))[0, :MONTH]
    width = learned.width_of(window.ids, levels).get(80)
    return _Said(given, None if width is None else width[:MONTH] * window.scale[0], window, panel)


def _standing(model: str, parts: Sequence[_Said]) -> Standing:
    off = size = off_days = size_days = 0.0
    inside: list[float] = []
    for part in parts:
        came = part.window.came[0, :MONTH]
        level = part.panel.keys.loc[list(part.window.ids), "level"].to_numpy()
        bottom, top = level == BOTTOM, level == "organisation"
        there = bottom & ~np.isnan(came).any(axis=0) & ~np.isnan(part.given).any(axis=0)
        off += float(np.abs(part.given[:, there].sum(axis=0) - came[:, there].sum(axis=0)).sum())
        size += float(np.abs(came[:, there].sum(axis=0)).sum())
        off_days += float(np.nansum(np.abs(part.given[:, top] - came[:, top])))
        size_days += float(np.nansum(np.abs(came[:, top])))
        if part.width is not None and not np.isnan(part.width[:, bottom]).all():
            within = np.abs(came - part.given) <= part.width
            inside.append(float(within[:, there].mean()))
    coverage = float(np.mean(inside)) if inside else None
    return Standing(
        model, 1 - off / max(size, 1e-9), 1 - off_days / max(size_days, 1e-9), coverage, len(parts)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
