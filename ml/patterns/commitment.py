"""Suggestion `commitment_level`: how much eligible compute is always there and paid on demand. A level, not a price quote.

Compute Savings Plans cover EC2, Fargate and Lambda and are a commitment in money an hour
(https://docs.aws.amazon.com/savingsplans/latest/userguide/what-is-savings-plans.html); the look-back is the longest of AWS's own
recommendations (https://docs.aws.amazon.com/savingsplans/latest/userguide/sp-recommendations.html). The level is in on-demand
money: the plan's own rates are lower, so the commitment that covers it is smaller. A saving is told only from what this very
bill paid for committed lines against their list price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ml.patterns.inputs import Known, strength
from ml.patterns.off_hours import DAYS_PER_MONTH
from ml.patterns.rows import Found, Money, Percent, Place, Suggestion
from ml.patterns.seasons import WEEKDAYS


def commitments(given: Known) -> Iterator[Found]:
    """One row per currency with steady on-demand compute. Nothing without pricing: what is covered is never assumed."""
    if given.pricing is None:
        return
    rules = given.config["suggestions"]["commitment_level"]
    rows = _eligible(given.pricing.frame, rules)
    first = max(given.as_of - pd.Timedelta(days=rules["days"] - 1), given.bill.usage_date.min())
    days = pd.date_range(first, given.as_of)
    if len(days) < rules["least_days"]:
        return
    rows = rows[rows.usage_date >= first]
    for currency, part in rows.groupby("currency"):
        open_lines = part[part.pricing_category == "Standard"]
        daily = open_lines.groupby("usage_date").cost.sum().reindex(days).fillna(0.0)
        level = float(daily.quantile(rules["percentile"])) / 24
        if level < rules["least_hourly"] or level * 24 < rules["steady"] * daily.median():
            continue
        yield _found(given, str(currency), daily, open_lines, _discounts(part), level)


def _eligible(rows: pd.DataFrame, rules: Any) -> pd.DataFrame:
    pattern = "|".join(re.escape(one) for one in rules["usage_types"])
    usage_type = (rows.usage_type == "") | rows.usage_type.str.contains(pattern, regex=True)
    return rows[rows.service.isin(rules["services"]) & usage_type]


def _discounts(part: pd.DataFrame) -> pd.Series:
    """1 - paid / list of each day's committed lines, where the bill gives both."""
    both = part[(part.pricing_category == "Committed") & (part.list_cost > 0) & (part.cost > 0)]
    sums = both.groupby("usage_date")[["cost", "list_cost"]].sum()
    return (1 - sums.cost / sums.list_cost).dropna()


def _found(
    given: Known, currency: str, daily: pd.Series, lines: pd.DataFrame, discounts: pd.Series, level: float
) -> Found:
    rules = given.config["suggestions"]["commitment_level"]
    profile = daily.groupby(daily.index.dayofweek).mean()
    details = {
        "measure": "uncovered_compute_cost",
        "profile": {WEEKDAYS[int(day)]: float(value) for day, value in profile.items()},
        "days_seen": len(daily),
    }
    low, high = (float(daily.quantile(one)) / 24 for one in rules["interval"])
    saving, basis = None, "no_list_price"
    if len(discounts):
        month = 24 * DAYS_PER_MONTH
        ends = discounts.quantile([0.1, 0.9])
        saving = (
            level * month * float(discounts.median()),
            low * month * max(float(ends.iloc[0]), 0.0),
            high * month * float(ends.iloc[1]),
        )
        basis = "own_commitment_discount"
    if saving is not None and saving[0] <= 0:
        saving, basis = None, "no_own_discount"
    by_account = (lines.groupby("account_id").cost.sum() / len(daily) / 24).round(6)
    evidence = {
        "level_per_hour": level,
        "level_lower": low,
        "level_upper": high,
        "median_per_hour": float(daily.median()) / 24,
        "percentile": rules["percentile"],
        "resolution": "daily sums / 24: dips within a day are not seen",
        "services": sorted(set(lines.service)),
        "mean_per_hour_by_account": by_account.sort_index().to_dict(),
        "own_discount": float(discounts.median()) if len(discounts) else None,
        "days": len(daily),
        "first_day": daily.index[0],
        "last_day": daily.index[-1],
    }
    values = {
        "level": Money(level, currency),
        "lower": Money(low, currency),
        "upper": Money(high, currency),
        "share": Percent(1 - rules["percentile"]),
        "days": len(daily),
    }
    advice = Suggestion("commitment_level", basis, evidence, ("commitment_level", values), saving)
    steadiness = {"median": Money(float(np.median(daily)) / 24, currency), "days": len(daily)}
    told = strength(daily.to_numpy(), daily.index.dayofweek.to_numpy())
    return Found(
        Place("organisation", currency),
        "weekly_grid",
        told,
        daily.index[0],
        daily.index[-1],
        details,
        ("uncovered_compute", steadiness),
        advice,
        about="uncovered_compute",
    )
