"""Charges with a calendar of their own: tax, monthly fees, regular credits. They are forecast apart from usage, by their
known days.

A charge that came on the same day in each of the last complete months comes again; its amount follows the modeled cost of its
account where that ratio was steadier than the amount itself (tax, support), and is the last amount otherwise (a
subscription). All else, as refunds or one-off fees, is not forecast: nobody has said that it will come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.panel import is_modeled

_GROUP = ["account_id", "service", "charge_category", "day"]
_CHARGE = ["usage_date", "account_id", "service", "charge_category"]


def schedules(bill: pd.DataFrame, as_of: pd.Timestamp, config: Mapping[str, Any]) -> pd.DataFrame:
    """Charges that repeat: account_id, service, charge_category, day (of the month, 1 to 31), amount (money each month),
    ratio (of the payer's modeled month, NaN where the amount is fixed)."""
    rules = config["scheduled"]
    until = pd.Timestamp(as_of)
    ends = pd.date_range(end=until + pd.Timedelta(days=1), periods=rules["months"] + 1, freq="MS")
    charges = bill[~is_modeled(bill) & (bill["usage_date"] >= ends[0]) & (bill["usage_date"] < ends[-1])]
    columns = [*_GROUP, "amount", "ratio"]
    if charges.empty:
        return pd.DataFrame(columns=columns)
    charges = charges.assign(month=charges["usage_date"].dt.to_period("M"), day=charges["usage_date"].dt.day)
    table = charges.pivot_table(index=_GROUP, columns="month", values="cost", aggfunc="sum")
    table = table.dropna() if table.shape[1] == rules["months"] else table.iloc[:0]
    table = table[(table != 0).all(axis=1)]
    if table.empty:
        return pd.DataFrame(columns=columns)
    ratio = table.div(_modeled(bill, table.columns), axis=1)
    follows = _variation(ratio) < np.minimum(_variation(table), 1.0)
    fixed = _variation(table) <= rules["steady_variation"] / 10
    made = table.iloc[:, [-1]].set_axis(["amount"], axis=1)
    made["ratio"] = ratio.median(axis=1).where(follows & ~fixed)
    return made.reset_index()[columns]


def scheduled_ahead(
    plan: pd.DataFrame, days: pd.DatetimeIndex, modeled: Mapping[pd.Period, float]
) -> pd.DataFrame:
    """What a plan (see schedules) charges on days: usage_date, account_id, service, charge_category, cost. `modeled`: the payer's
    forecast of each month's modeled cost. A day 31 is a shorter month's last."""
    parts = []
    for month, total in modeled.items():
        day = np.minimum(plan["day"].astype(int), month.days_in_month)
        dates = month.to_timestamp() + pd.to_timedelta(day - 1, unit="D")
        amount = (plan["ratio"].astype(float) * total).fillna(plan["amount"].astype(float))
        parts.append(
            pd.DataFrame(
                {
                    "usage_date": dates,
                    "account_id": plan["account_id"],
                    "service": plan["service"],
                    "charge_category": plan["charge_category"],
                    "cost": amount,
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=[*_CHARGE, "cost"])
    made = pd.concat(parts, ignore_index=True)
    made = made[made["usage_date"].isin(days)]
    return made.groupby(_CHARGE, as_index=False)["cost"].sum()


def still_due(planned: pd.DataFrame, so_far: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Of what is planned what has not been charged: days ahead, and of days that are over what comes once a month and
    has not come.

    Tax and monthly fees are dated on the first and may be delivered weeks later: AWS applies support fees, credits and
    refunds even after a month is final (https://docs.aws.amazon.com/cur/latest/userguide/what-is-cur.html).
    """
    if planned.empty:
        return planned
    ahead = planned["usage_date"] > as_of
    month = planned["usage_date"].dt.to_period("M")
    group = [month.rename("month"), *(planned[name] for name in _CHARGE[1:])]
    once = planned.groupby(group)["usage_date"].transform("size") == 1
    came = planned.merge(so_far[_CHARGE], how="left", on=_CHARGE, indicator=True)["_merge"] == "both"
    return planned[ahead | (once & ~came.to_numpy())]


def charged_so_far(bill: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """What a month that is going on has been charged besides usage: usage_date, account_id, service, charge_category, cost."""
    first = (as_of + pd.Timedelta(days=1)).replace(day=1)
    rows = bill[~is_modeled(bill) & bill["usage_date"].between(first, as_of)]
    return rows.groupby(_CHARGE, as_index=False)["cost"].sum()


def _modeled(bill: pd.DataFrame, months: pd.Index) -> pd.Series:
    """The modeled cost of the months, all accounts together."""
    rows = bill[is_modeled(bill)]
    totals = rows.groupby(rows["usage_date"].dt.to_period("M"))["cost"].sum()
    return totals.reindex(months)


def _variation(table: pd.DataFrame) -> pd.Series:
    """Coefficient of variation of each row."""
    return table.std(axis=1, ddof=0) / table.mean(axis=1).abs()
