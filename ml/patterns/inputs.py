"""What patterns are looked for in: the bill's usage lines up to a day, metrics, prices, and daily series made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.frames import BILL, checked

METRICS: Mapping[str, str] = {
    "usage_date": "datetime64[ns]",
    "account_id": "str",
    "resource_id": "str",
    "metric": "str",
    "metric_value": "float64",
    "maximum": "float64",
    "total": "float64",
}
"""CloudWatch metrics by day, as the mart `resource_metrics_daily` has them (`metric`: the catalogue's name). By hour: the moment
(datetime, UTC) in a column `hour`, missing for a row of a whole day."""

PRICING: Mapping[str, str] = {
    "usage_date": "datetime64[ns]",
    "account_id": "str",
    "service": "str",
    "region": "str",
    "usage_type": "str",
    "resource_id": "str",
    "pricing_category": "str",
    "currency": "str",
    "cost": "float64",
    "list_cost": "float64",
    "usage": "float64",
}
"""Usage lines of the mart `usage_daily` by PricingCategory; `cost` is net amortised, `list_cost` NaN where not delivered."""

LOOK_BACK = 92
"""Days of single resources that are looked at: the longest window of the configuration fits."""
SERIES_KEYS = ["currency", "account_id", "service"]
RESOURCE_KEYS = ["currency", "account_id", "service", "region", "resource_id"]


class ByResource:
    """A frame whose rows of one account's resource are found at once."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._rows = frame.groupby(["account_id", "resource_id"]).indices

    def of(self, account_id: str, resource_id: str) -> pd.DataFrame:
        """The rows of the resource, in the frame's order."""
        return self.frame.iloc[self._rows.get((account_id, resource_id), [])]


@dataclass(frozen=True)
class Known:
    """All that a search for patterns may look at: `bill` whole, the others of the last LOOK_BACK days; None: not delivered."""

    bill: pd.DataFrame
    as_of: pd.Timestamp
    config: Mapping[str, Any]
    recent: ByResource
    metrics: ByResource | None
    hourly_metrics: ByResource | None
    hourly_bill: ByResource | None
    pricing: ByResource | None


def known(
    bill: pd.DataFrame,
    as_of: date,
    config: Mapping[str, Any],
    metrics: pd.DataFrame | None = None,
    hourly: pd.DataFrame | None = None,
    pricing: pd.DataFrame | None = None,
) -> Known:
    """The inputs checked and cut after `as_of`. Raises ValueError naming a missing column."""
    last = pd.Timestamp(as_of)
    lines = checked(bill)
    lines = lines[(lines.usage_date <= last) & (lines.charge_category == "Usage")]
    days, hours = _metrics(metrics, last)
    hour_bill = None if hourly is None else _by_hour(hourly, BILL, "hourly bill")
    if hour_bill is not None:
        hour_bill = hour_bill[(hour_bill.charge_category == "Usage") & hour_bill.hour.notna()]
        hour_bill = None if (hour_bill.hour == 0).all() else hour_bill
    prices = None if pricing is None else checked(pricing, PRICING, "pricing")
    recent = _recent(lines, last)
    return Known(
        bill=lines,
        as_of=last,
        config=config,
        recent=ByResource(lines[:0]) if recent is None else recent,
        metrics=_recent(days, last),
        hourly_metrics=_recent(hours, last),
        hourly_bill=_recent(hour_bill, last),
        pricing=_recent(prices, last),
    )


def _recent(frame: pd.DataFrame | None, last: pd.Timestamp) -> ByResource | None:
    if frame is None:
        return None
    first = last - pd.Timedelta(days=LOOK_BACK - 1)
    rows = frame[(frame.usage_date >= first) & (frame.usage_date <= last)]
    return ByResource(rows.reset_index(drop=True)) if len(rows) else None


def _by_hour(frame: pd.DataFrame, columns: Mapping[str, str], name: str) -> pd.DataFrame:
    """The frame with its day in `usage_date` and the hour of the day (0 to 23, NaN: a whole day) in `hour`."""
    moments = pd.to_datetime(frame["hour"]) if "hour" in frame else pd.Series(pd.NaT, index=frame.index)
    day = frame["usage_date"].where(moments.isna(), moments) if "usage_date" in frame else moments
    made = checked(frame.assign(usage_date=pd.to_datetime(day)), columns, name)
    made["hour"] = moments.dt.hour.to_numpy()
    made["usage_date"] = made.usage_date.dt.normalize()
    return made


def _metrics(
    metrics: pd.DataFrame | None, last: pd.Timestamp
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Rows of whole days and rows of hours; days are made of hours where only hours came. `peak`: the greatest value that was
    delivered, 0 where all samples sum to 0; an average or a percentile is none."""
    if metrics is None:
        return None, None
    rows = _by_hour(metrics, METRICS, "metrics")
    rows["peak"] = rows.maximum.fillna(rows.total.where(rows.total == 0))
    hours, days = rows[rows.hour.notna()], rows[rows.hour.isna()]
    if days.empty:
        keys = ["usage_date", "account_id", "resource_id", "metric"]
        how = {"metric_value": "max", "maximum": "max", "peak": "max", "total": "sum"}
        days = hours.groupby(keys, as_index=False).agg(how)
    return days, hours


def daily_table(
    lines: pd.DataFrame, keys: list[str], value: str, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    """One row per day from `first` to `last`, one column per combination of `keys`; a day without lines is 0."""
    cut = lines[(lines.usage_date >= first) & (lines.usage_date <= last)]
    table = cut.pivot_table(index="usage_date", columns=keys, values=value, aggfunc="sum", sort=True)
    return table.reindex(pd.date_range(first, last)).fillna(0.0)


def largest(table: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    """The columns with most spend, at most `series.most` of them, each over `series.least_monthly_cost`; names break ties."""
    totals = table.sum()
    monthly = totals * 30.4375 / max(len(table), 1)
    kept = totals[monthly >= config["series"]["least_monthly_cost"]]
    order = sorted(kept.index, key=lambda name: (-kept[name], name))[: config["series"]["most"]]
    return table[sorted(order)]


def strength(values: np.ndarray, groups: np.ndarray) -> float:
    """Share of the variance of `values` that lies between `groups`: 1 - Var(R) / Var(S + R), at least 0.

    Strength of seasonality by Wang, Smith & Hyndman (2006), "Characteristic-based clustering for time series data"; here S is
    the mean of each group.
    """
    fitted = pd.Series(values).groupby(groups).transform("mean").to_numpy()
    whole = float(np.var(values))
    if whole <= 1e-18:
        return 0.0
    return max(0.0, 1.0 - float(np.var(values - fitted)) / whole)
