"""Hours beside days: what an hourly bill shows that its days do not, told once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

LEAST_HOURS_A_DAY = 6


def hourly_part(bill: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    """The newest stretch of days that are billed by the hour; empty where it is no longer than the filter's warm-up.

    `bill`: ml.frames.BILL whose `usage_date` carries the hour. AWS delivers a report by day or by hour, and an organisation may
    change that; a day counts as hourly where its rows lie at several hours.
    """
    if bill.empty:
        return bill
    days = bill["usage_date"].dt.normalize()
    hours = bill["usage_date"].groupby(days).nunique()
    daily = hours.index[hours < LEAST_HOURS_A_DAY]
    # The last day may have begun only just.
    daily = daily[daily < hours.index[-1]]
    part = bill[days > daily[-1]] if len(daily) else bill
    least = pd.Timedelta(hours=config["grains"]["hour"]["warm_up"])
    return part if part["usage_date"].max() - part["usage_date"].min() > least else part.iloc[:0]


def beside(daily: pd.DataFrame, hourly: pd.DataFrame) -> pd.DataFrame:
    """The rows of both, without hourly ones that a daily row tells: at the same place or one that holds it, at the same time."""
    told = [_is_told(row, daily) for row in hourly.to_dict("records")]
    kept = hourly[[not one for one in told]]
    both = pd.concat([daily, kept], ignore_index=True) if len(kept) else daily
    return both.sort_values(["started_at", "anomaly_id"], kind="stable", ignore_index=True)


def _is_told(row: Mapping[str, Any], daily: pd.DataFrame) -> bool:
    ends = daily["ended_at"] + pd.Timedelta(days=1)
    at = (
        (daily["currency"] == row["currency"])
        & (daily["started_at"] <= row["ended_at"])
        & (ends > row["started_at"])
    )
    for name in ("account_id", "service"):
        if row[name] is not None:
            at &= daily[name].isna() | (daily[name] == row[name])
    return bool(at.any())
