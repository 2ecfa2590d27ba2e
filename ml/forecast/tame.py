"""What a level is and what is not: spikes leave the history, and those that come back on a day of the month are added again.

A forecast that follows a spike of last week is wrong for a month; one that forgets the batch of each month's last day is
wrong every month. Both are told apart by whether the same day of the month showed it before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

_TO_SIGMA = 1.4826
"""Median absolute deviation × this = standard deviation of a normal distribution (Rousseeuw and Croux 1993)."""


@dataclass(frozen=True)
class Tamed:
    """`values`: the history without spikes, days × series. `effects`: what a day of the month adds, (from the end | from the
    start) × series: row -1 is the last day of a month, row 1 the first."""

    values: pd.DataFrame
    effects: pd.DataFrame

    def ahead(self, days: pd.DatetimeIndex) -> pd.DataFrame:
        """What the calendar adds on future days."""
        added = np.zeros((len(days), self.effects.shape[1]))
        for position, row in self.effects.iterrows():
            added[_is_at(days, int(str(position)))] += row.to_numpy()
        return pd.DataFrame(added, index=days, columns=self.effects.columns)


def tame(values: pd.DataFrame, config: Mapping[str, Any]) -> Tamed:
    """Replace spikes of a few days by the median around them, keeping apart those that repeat with the month."""
    rules = config["tame"]
    season = _weekly(values, config["season_days"])
    flat = values / season
    middle = flat.rolling(rules["days"], center=True, min_periods=5).median()
    apart = (flat - middle).abs()
    scale = apart.rolling(4 * rules["days"], center=True, min_periods=7).median() * _TO_SIGMA
    limit = np.maximum(scale * rules["deviations"], middle.abs() * rules["floor_share"])
    spikes = _short((apart > limit).to_numpy() & middle.notna().to_numpy(), rules["longest"])
    tamed = values.mask(pd.DataFrame(spikes, index=values.index, columns=values.columns), middle * season)
    return Tamed(tamed, _effects((values - tamed).fillna(0.0), rules["calendar_days"]))


def _weekly(values: pd.DataFrame, season: int) -> pd.DataFrame:
    """Each day's weekday factor, from the last twelve weeks; 1 where there are fewer than four."""
    recent = values.iloc[-12 * season :]
    position = np.arange(len(values)) % season
    made = np.ones(values.shape)
    if len(recent) >= 4 * season:
        of_recent = position[-len(recent) :]
        whole = recent.median()
        for day in range(season):
            factor = (recent[of_recent == day].median() / whole).replace([np.inf, -np.inf], np.nan)
            made[position == day] = factor.where(factor > 0.02).fillna(1.0).to_numpy()
    return pd.DataFrame(made, index=values.index, columns=values.columns)


def _short(marked: np.ndarray, longest: int) -> np.ndarray:
    """The marks of runs of at most `longest` days: a longer one is a level, and so may be one of three days that still goes
    on."""
    length = np.zeros(marked.shape, dtype=int)
    run = np.zeros(marked.shape[1], dtype=int)
    for row in range(len(marked)):
        run = np.where(marked[row], run + 1, 0)
        length[row] = run
    for row in range(len(marked) - 2, -1, -1):
        length[row] = np.where(marked[row] & marked[row + 1], length[row + 1], length[row])
    still = marked[-1] & (length[-1] > 2)
    return marked & (length <= longest) & ~(still & _of_last_run(marked))


def _of_last_run(marked: np.ndarray) -> np.ndarray:
    """The marks that reach to the last day without a break: whether a spike or a new level, nobody knows yet."""
    return np.logical_and.accumulate(marked[::-1], axis=0)[::-1]


def _effects(spikes: pd.DataFrame, days: int) -> pd.DataFrame:
    """The median spike on each of the first and last days of the last three months that have it in at least two."""
    index = pd.DatetimeIndex(spikes.index)
    rows = {}
    for position in [*range(-days, 0), *range(1, days + 1)]:
        last = spikes[_is_at(index, position)].iloc[-3:].to_numpy()
        enough = (last != 0).sum(axis=0) >= 2 if len(last) else np.zeros(spikes.shape[1], dtype=bool)
        middle = np.median(last, axis=0) if len(last) else np.zeros(spikes.shape[1])
        rows[position] = np.where(enough, middle, 0.0)
    return pd.DataFrame.from_dict(rows, orient="index", columns=spikes.columns)


def _is_at(days: pd.DatetimeIndex, position: int) -> np.ndarray:
    """Days at a position of their month: 1 the first, -1 the last."""
    if position > 0:
        return np.asarray(days.day == position)
    return np.asarray(days.days_in_month - days.day == -position - 1)
