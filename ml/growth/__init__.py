"""How used amounts of storage, instances and requests go on: `growth`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.frames import checked
from ml.growth.predict import by_month, by_week, predicted
from ml.growth.usage import Usage, usages

__all__ = ["COLUMNS", "growth"]

COLUMNS = ("kind", "unit", "month", "usage", "lower_80", "upper_80", "monthly_growth", "method")


def growth(bill: pd.DataFrame, as_of: date, horizon_months: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """Used amounts by resource kind and month: the last months as delivered, then `horizon_months` predicted ones.

    One row per kind, unit and month (its first day). `usage` is the amount of the month in `unit`, its interval of 80 %;
    `monthly_growth` the change of the daily level against the month before (0.02: 2 % more). `method` is `delivered`, the
    model's name with `by_month` or `by_week`, or `too_short`: the amount is then NaN, since fewer weeks are known than the
    configuration wants. The month of `as_of` (the last usage day that is trusted), where it isn't whole, counts as predicted:
    what was delivered of it and the prediction of its other days. Lines without a known amount or unit count nowhere. `config` is
    ml.config.load("patterns"). Raises ValueError naming a missing column.
    """
    rules, last = config["usage_growth"], pd.Timestamp(as_of)
    rows = [
        row
        for used in usages(checked(bill), last, rules["kinds"])
        for row in _rows(used, last, horizon_months, rules)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["month"] = pd.to_datetime(frame.month).astype("datetime64[ns]")
    for name in ("usage", "lower_80", "upper_80", "monthly_growth"):
        frame[name] = frame[name].astype("float64")
    return frame


def _rows(
    used: Usage, last: pd.Timestamp, horizon: int, rules: Mapping[str, Any]
) -> Iterator[tuple[Any, ...]]:
    months = by_month(used.daily)
    before = months.shift(1)
    for month in months.index[-rules["months_shown"] :]:
        change = months[month] / before[month] - 1 if before[month] > 0 else np.nan
        amount = used.month(months[month], month, month.days_in_month)
        yield _row(used, month, (amount, np.nan, np.nan), change, "delivered")
    current = last.to_period("M")
    open_days = current.days_in_month - last.day
    first = current if open_days else current + 1
    targets = [first + step for step in range(horizon)]
    levels, method = _levels(used, months, targets, last, rules)
    earlier = float(months.iloc[-1]) if len(months) else np.nan
    for month, ends in zip(targets, levels, strict=True):
        known = used.daily[used.daily.index.to_period("M") == month]
        rest = month.days_in_month - len(known)
        amounts = [used.month(level, month, rest) + used.month(known.sum(), month, 1) for level in ends]
        level = (ends[0] * rest + known.sum()) / month.days_in_month
        yield _row(used, month, amounts, level / earlier - 1 if earlier > 0 else np.nan, method)
        earlier = level


def _row(used: Usage, month: pd.Period, amounts: Any, change: float, method: str) -> tuple[Any, ...]:
    return (used.kind, used.unit, month.start_time, *amounts, change, method)


def _levels(
    used: Usage, months: pd.Series, targets: list[pd.Period], last: pd.Timestamp, rules: Mapping[str, Any]
) -> tuple[np.ndarray, str]:
    """(estimate, lower, upper) of the daily level of each target month, and the method."""
    weeks = by_week(used.daily)
    if len(months) >= rules["least_months"]:
        steps = (targets[-1] - months.index[-1]).n
        made = predicted(months.to_numpy(), steps, 12 if len(months) >= rules["season_months"] else 1, rules)
        ends = np.stack([made.level, made.lower, made.upper], axis=1)
        return ends[-len(targets) :], f"{made.method}_by_month"
    if len(weeks) < rules["least_weeks"]:
        return np.full((len(targets), 3), np.nan), "too_short"
    steps = -(-(targets[-1].end_time - last).days // 7)
    made = predicted(weeks.to_numpy(), steps, 1, rules)
    ends = np.stack([made.level, made.lower, made.upper], axis=1)
    week_ends = pd.DatetimeIndex([last + pd.Timedelta(weeks=step + 1) for step in range(steps)])
    by_days = pd.DataFrame(ends, index=week_ends).reindex(pd.date_range(last, week_ends[-1])).bfill()[1:]
    return by_days.groupby(by_days.index.to_period("M")).mean().loc[
        targets
    ].to_numpy(), f"{made.method}_by_week"
