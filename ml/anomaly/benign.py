"""What is known to be ordinary though it stands out: weeks of demand in the calendar, and what came a year ago as well."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.gauge import Flags, Floats

YEARS = (364, 366)
"""Days between two campaigns in neighbouring years: the same weekday, or the same date."""


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(calendar.THURSDAY - first.weekday()) % 7 + 22)


DAYS = {"black_friday": black_friday}


def allowed(
    actual: Floats,
    usual: Floats,
    judged: Flags,
    times: pd.DatetimeIndex,
    services: Sequence[str],
    config: Mapping[str, Any],
) -> Floats:
    """`usual` raised to what came (up to `most` times) where the calendar knows of more demand for a leaf's service."""
    raised = usual.copy()
    for week in config["calendar"]:
        days = _days(times, week)
        here = np.isin(np.asarray(services), week["services"])
        within = days[:, None] & here & judged & (actual > usual) & (actual <= week["most"] * usual)
        raised = np.where(within, actual, raised)
    return raised


def _days(times: pd.DatetimeIndex, week: Mapping[str, Any]) -> Flags:
    inside = np.zeros(len(times), dtype=bool)
    for year in sorted(set(times.year)):
        day = pd.Timestamp(DAYS[week["name"]](year))
        start, end = (
            day - pd.Timedelta(days=week["days_before"]),
            day + pd.Timedelta(days=week["days_after"] + 1),
        )
        inside |= (times >= start) & (times < end)
    return inside


def came_before(
    row: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], rules: Mapping[str, Any]
) -> bool:
    """Whether the same place had the same about a year before, not much smaller, and it was over as quickly."""
    for other in earlier:
        apart = (row["started_at"] - other["started_at"]).days
        same = all(row[name] == other[name] for name in ("measure", "level", "account_id", "service", "kind"))
        near = min(abs(apart - year) for year in YEARS) <= rules["within"]
        if same and near and abs(row["impact"] or 0) <= rules["most"] * abs(other["impact"] or 0):
            return True
    return False
