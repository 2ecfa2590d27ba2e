"""Where a point in time lies: its slots in the seasons (weekday, hour of day, hour of week …) and at a month's edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Slots = NDArray[np.int64]
NO_EDGE = -1

SECONDS = {"day": 86_400, "hour": 3_600, "five_minutes": 300, "minute": 60}
MONDAY = 4 * 86_400
"""Seconds from 1970-01-01, a Thursday, to the first Monday."""


def slots(times: pd.DatetimeIndex, grain: str, lengths: Sequence[int]) -> Slots:
    """One row a time, one column a season: the slot from 0 to its length - 1, seasons counted from Monday 00:00 UTC."""
    seconds = times.to_numpy().astype("datetime64[s]").astype(np.int64) - MONDAY
    steps = seconds // SECONDS[grain]
    return np.stack([steps % length for length in lengths], axis=1)


def edges(times: pd.DatetimeIndex, days: int) -> Slots:
    """0 for the last day of a month, 1 for the one before …, `days` for the first, `days` + 1 for the second …; else NO_EDGE."""
    back = times.days_in_month - times.day
    forth = times.day - 1
    slot = np.full(len(times), NO_EDGE, dtype=np.int64)
    slot = np.where(forth < days, days + forth, slot)
    return np.where(back < days, back, slot)


def grain_of(times: pd.DatetimeIndex) -> str:
    """The grain whose step is nearest to the usual step between these times, as a ratio. Raises ValueError for fewer than two."""
    if len(times) < 2:
        raise ValueError("a grain needs two times at least")
    step = float(np.median(np.diff(times.to_numpy()).astype("timedelta64[s]").astype(float)))
    return min(SECONDS, key=lambda grain: abs(np.log(max(step, 1.0) / SECONDS[grain])))
