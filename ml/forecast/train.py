"""Training: run the candidates at former days, learn their weights and the width of the intervals of every series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast import monthly
from ml.forecast.model import Learned, calibrated_ids, given_by, learn, widths_of
from ml.forecast.panel import BOTTOM, Panel, panel_of
from ml.forecast.parts import Parts, parts_of, shares
from ml.forecast.windows import Local, Windows, expensive_of, origins_before, size, windows_of


@dataclass(frozen=True)
class Trained:
    """What scoring needs, and where it came from. `as_of`: the last day that was seen; `windows`: how many origins the
    weights saw."""

    days: Learned
    months: Learned
    as_of: pd.Timestamp
    windows: int
    config: Mapping[str, Any]
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True)
class History:
    """All that the windows of one bill need, made once: series of the hierarchy and of the parts, and every candidate at
    every origin."""

    panel: Panel
    parts: Parts
    days: Windows
    months: Windows


def history_of(
    bill: pd.DataFrame,
    as_of: pd.Timestamp,
    config: Mapping[str, Any],
    units: Mapping[str, str] | None = None,
    *,
    most: int | None = None,
    local: Local | None = None,
    progress: Callable[[pd.Timestamp], None] | None = None,
) -> History:
    """Run the candidates at the origins before `as_of`. `most`: so many of them; otherwise the configuration's."""
    panel = panel_of(bill, as_of, config, units)
    first = panel.values.index[0] + pd.Timedelta(days=min(config["least_history"].values()))
    origins = origins_before(first, as_of, most or config["windows"]["most"])
    ids = calibrated_ids(panel, config)
    calibrated = panel if len(ids) == len(panel.keys) else panel.of(ids)
    month_ends = monthly.month_origins(first, as_of, 4 * (most or config["windows"]["most"]))
    return History(
        panel,
        parts_of(bill, as_of, config),
        windows_of(calibrated, origins, config, local, progress),
        monthly.windows_of(calibrated, month_ends, config, expensive_of(calibrated, config)),
    )


def train(history: History, as_of: pd.Timestamp, config: Mapping[str, Any]) -> Trained:
    """Learn from what was known at the end of `as_of`: candidates at origins before it, their truth as far as it had come."""
    most = config["windows"]["most"]
    days, months = history.days.before(as_of, most), history.months.before(as_of, 4 * most)
    panel = history.panel.until(as_of)
    ids = [name for name in days.ids if name in panel.keys.index]
    days, months = days.of(ids), months.of(ids)
    ends, month_ends = config["horizon_buckets"], config["monthly"]["buckets"]
    of_days = learn(panel, days, config, ends)
    given = _given(panel, days, of_days, config)
    override = _sums(given, days, months)
    of_months = learn(panel, months, config, month_ends, override)
    given_months = np.where(np.isnan(override), _given(panel, months, of_months, config), override)
    return Trained(
        _with_parts(of_days, history, panel, days, given, config, ends, 1.0),
        _with_parts(of_months, history, panel, months, given_months, config, month_ends, 30.0),
        as_of,
        len(days.origins),
        config,
        frozenset(panel.at(BOTTOM)),
    )


def _given(panel: Panel, windows: Windows, learned: Learned, config: Mapping[str, Any]) -> np.ndarray:
    keys = panel.keys.loc[list(windows.ids)]
    weight = learned.weight_of(windows.ids, list(keys["level"]))
    return given_by(windows, weight, keys, config, set(panel.at(BOTTOM)))


def _sums(given: np.ndarray, days: Windows, months: Windows) -> np.ndarray:
    """Of each month that the days' forecasts of the same origin cover, their sum: month origins × months × series, NaN
    elsewhere."""
    made = np.full((len(months.origins), months.said.shape[2], len(months.ids)), np.nan)
    place = {origin: number for number, origin in enumerate(days.origins)}
    for number, origin in enumerate(months.origins):
        if origin in place:
            made[number] = month_sums(given[place[origin]], origin, months.said.shape[2])
    return made


def month_sums(daily: np.ndarray, origin: pd.Timestamp, months: int) -> np.ndarray:
    """Sums of the months that begin after `origin` and end within the days (days × series); NaN for the others."""
    days = pd.date_range(origin + pd.Timedelta(days=1), periods=len(daily), freq="D")
    made = np.full((months, daily.shape[1]), np.nan)
    for number, first in enumerate(monthly.months_after(origin, months)):
        at = (days >= first) & (days < first + pd.offsets.MonthBegin(1))
        if at.sum() == first.days_in_month:
            made[number] = daily[at].sum(axis=0)
    return made


def _with_parts(
    learned: Learned,
    history: History,
    panel: Panel,
    windows: Windows,
    given: np.ndarray,
    config: Mapping[str, Any],
    ends: list[int],
    unit_days: float,
) -> Learned:
    """The learned widths, and those of the parts: their forecasts at each origin were shares of the bottom's."""
    keys = panel.keys.loc[list(windows.ids)]
    bottom = np.flatnonzero((keys["level"] == BOTTOM).to_numpy())
    parts = history.parts.panel
    if parts.keys.empty or not len(windows.origins) or len(bottom) < len(panel.at(BOTTOM)):
        return learned
    values = parts.values if unit_days == 1.0 else monthly.month_totals(parts.values)
    errors, scale = [], []
    for number, origin in enumerate(windows.origins):
        matrix = shares(history.parts, origin, keys, config)
        said = np.nan_to_num(given[number][:, bottom]) @ matrix
        steps = given.shape[1]
        ahead = (
            pd.date_range(origin + pd.Timedelta(days=1), periods=steps, freq="D")
            if unit_days == 1.0
            else monthly.months_after(origin, steps)
        )
        came = values.reindex(ahead).to_numpy(dtype=float)
        came[np.isnan(windows.came[number]).all(axis=1)] = np.nan
        errors.append(came - said)
        scale.append(size(parts.until(origin).values).reindex(parts.values.columns).to_numpy() * unit_days)
    widths = widths_of(
        np.stack(errors),
        np.stack(scale),
        list(parts.keys.index),
        list(parts.keys["level"]),
        config,
        ends,
    )
    return Learned(learned.weights, pd.concat([learned.widths, widths]).sort_index(), learned.steps)
