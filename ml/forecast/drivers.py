"""Why a month will cost what it will: the difference to the last complete month, told apart by what the bill shows.

Per account × service and usage type, between the last complete month (L) and the last days (7): usage u, effective unit cost
p by pricing category c (on-demand or under a commitment) and its share s of the usage.

    price      u7 × Σ s7 × (p7 − pL)         the same category costs another price
    commitment u7 × Σ (s7 − sL) × pL         usage moves under a commitment, or out of it
    launch     cost of resources first seen after L began, at the rate of the last days, less what they cost in L
    season     the month's length
    trend      what remains, charges with a calendar of their own among it

The parts sum to the difference exactly. The arithmetic is the price-volume-mix analysis of accounting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.panel import is_modeled

DRIVERS = ("driver_trend", "driver_season", "driver_launch", "driver_price", "driver_commitment")
_LEAST_PRICE_STEP = 0.02
_KEY = ["account_id", "service"]


def last_month(as_of: pd.Timestamp) -> pd.Period:
    """The last complete month at the end of a day."""
    return (as_of + pd.Timedelta(days=1)).to_period("M") - 1


def daily_rates(bill: pd.DataFrame, as_of: pd.Timestamp, config: Mapping[str, Any]) -> pd.DataFrame:
    """Per account × service, money a day: launch, price and commitment effects that a coming month has over the last complete
    one.

    Columns account_id, service, launch, price, commitment.
    """
    month = last_month(as_of)
    recent = as_of - pd.Timedelta(days=6)
    rows = bill[is_modeled(bill) & (bill["usage_date"] <= as_of)]
    old = rows[rows["usage_date"].dt.to_period("M") == month]
    new = rows[rows["usage_date"] >= recent]
    launched = _launched(rows, month, old, new)
    begun = launched.set_index("resource_id").index if len(launched) else pd.Index([])
    settled_old, settled_new = old[~old["resource_id"].isin(begun)], new[~new["resource_id"].isin(begun)]
    effects = _price_and_mix(settled_old, month.days_in_month, settled_new, 7)
    launch = launched.groupby(_KEY)["rate"].sum().rename("launch")
    made = pd.concat([launch, effects], axis=1).fillna(0.0)
    return made.reindex(columns=["launch", "price", "commitment"]).fillna(0.0).reset_index()


def _launched(rows: pd.DataFrame, month: pd.Period, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Resources first seen after the month began: account_id, service, resource_id, rate (money a day more than in the
    month)."""
    named = rows[rows["resource_id"] != ""]
    first = named.groupby([*_KEY, "resource_id"])["usage_date"].min()
    since = rows["usage_date"].min() + pd.Timedelta(days=7)
    begun = first[(first > max(month.start_time, since))]
    index = begun.index
    now = new.groupby([*_KEY, "resource_id"])["cost"].sum().reindex(index).fillna(0.0) / 7
    then = old.groupby([*_KEY, "resource_id"])["cost"].sum().reindex(index).fillna(0.0) / month.days_in_month
    return (now - then).rename("rate").reset_index()


def _price_and_mix(old: pd.DataFrame, old_days: int, new: pd.DataFrame, new_days: int) -> pd.DataFrame:
    """Price and commitment effects per account × service, money a day."""
    key = [*_KEY, "usage_type", "unit", "pricing_category"]

    def summed(rows: pd.DataFrame, days: int) -> pd.DataFrame:
        return rows[rows["usage"] > 0].groupby(key)[["usage", "cost"]].sum() / days

    both = summed(old, old_days).join(summed(new, new_days), how="outer", lsuffix="_old", rsuffix="_new")
    both = both.fillna(0.0)
    if both.empty:
        return pd.DataFrame(columns=["price", "commitment"], dtype=float)
    total = both.groupby(level=key[:-1])[["usage_old", "usage_new"]].transform("sum")
    share_old = np.where(
        total["usage_old"] > 0, both["usage_old"] / total["usage_old"].where(total["usage_old"] > 0, 1), 0
    )
    share_new = np.where(
        total["usage_new"] > 0, both["usage_new"] / total["usage_new"].where(total["usage_new"] > 0, 1), 0
    )
    price_old = both["cost_old"] / both["usage_old"].where(both["usage_old"] > 0)
    price_new = both["cost_new"] / both["usage_new"].where(both["usage_new"] > 0)
    there = (total["usage_old"] > 0) & (total["usage_new"] > 0)
    step = ((price_new / price_old - 1).abs() >= _LEAST_PRICE_STEP) & there
    price = np.where(step, total["usage_new"] * share_new * (price_new - price_old), 0.0)
    known = price_old.fillna(price_new).fillna(0.0)
    mix = np.where(there, total["usage_new"] * (share_new - share_old) * known, 0.0)
    effects = pd.DataFrame({"price": np.nan_to_num(price), "commitment": mix}, index=both.index)
    return effects.groupby(level=_KEY).sum()
