"""Suggestion `storage_lifecycle`: a growing bucket that few read, or of which nobody knows who reads it.

S3 moves objects to Standard-IA after 30 days at the earliest, charges at least 30 days and 128 KB there and a fee for each GB
read (https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html); who reads what is
seen by Storage Class Analysis (https://docs.aws.amazon.com/AmazonS3/latest/userguide/analytics-storage-class.html) or request
metrics, which are opt-in (https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html). Requests that were not
delivered are unknown, not none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ml.growth.usage import MEAN_MONTH, divides_by_own_months
from ml.patterns.inputs import RESOURCE_KEYS, Known
from ml.patterns.off_hours import DAYS_PER_MONTH, of_resource
from ml.patterns.regimes import Regime, growth_of, moves, regimes, weekly_sums
from ml.patterns.rows import Found, Place, Suggestion


def lifecycles(given: Known) -> Iterator[Found]:
    """The storage growth of each growing bucket, with the suggestion unless its delivered requests say that it is read."""
    rules = given.config["suggestions"]["storage_lifecycle"]
    lines = given.bill[given.bill.service.isin(rules["services"]) & (given.bill.resource_id != "")]
    lines = lines[
        lines.unit.str.startswith("GB-") & lines.usage.gt(0) & _holds(lines, "storage_usage_types", rules)
    ]
    if lines.empty:
        return
    lines = lines.assign(gb=lines.usage * days_of_a_month(lines))
    first, weekly = weekly_sums(given, RESOURCE_KEYS, lines.assign(cost=lines.gb), "cost")
    for name in weekly.columns:
        found = regimes(weekly[name].to_numpy(), given.config["growth"])
        if not found or not moves(found[-1], given.config["growth"]) or found[-1].monthly < 0:
            continue
        place = Place("resource", *name)
        stored = weekly[name] / 7
        advice = None
        if stored.iloc[-1] >= rules["least_gb"]:
            advice = _advice(given, place, lines, stored, found[-1])
        yield growth_of(place, found, first, given, "stored_gb", suggestion=advice)


def days_of_a_month(lines: pd.DataFrame) -> pd.Series:
    """What a day's GB-months are multiplied by to give the GB stored: see ml.growth.usage.divides_by_own_months."""
    if divides_by_own_months(lines.groupby("usage_date").usage.sum()):
        return lines.usage_date.dt.days_in_month.astype(float)
    return pd.Series(MEAN_MONTH, index=lines.index)


def _holds(lines: pd.DataFrame, key: str, rules: Any) -> pd.Series:
    pattern = "|".join(re.escape(one) for one in rules[key])
    return lines.usage_type.str.contains(pattern, regex=True)


def _requests(given: Known, place: Place, first: pd.Timestamp) -> tuple[float | None, str]:
    """Requests a month of the bucket and where they are known from; None where neither metrics nor the bill tell."""
    rules = given.config["suggestions"]["storage_lifecycle"]
    rows = of_resource(given.metrics, place)
    for metric in rules["request_metrics"]:
        part = rows[(rows.metric == metric) & (rows.usage_date >= first)]
        days = part.usage_date.nunique()
        if days >= 0.9 * rules["days_before_colder"]:
            return float(part.total.sum()) * DAYS_PER_MONTH / days, "metrics"
    billed = of_resource(given.recent, place)
    billed = billed[(billed.usage_date >= first) & billed.usage_type.str.contains("Requests-")]
    if len(billed):
        return float(billed.usage.sum()) * DAYS_PER_MONTH / rules["days_before_colder"], "bill"
    return None, "not_delivered"


def _advice(
    given: Known, place: Place, lines: pd.DataFrame, stored: pd.Series, newest: Regime
) -> Suggestion | None:
    rules = given.config["suggestions"]["storage_lifecycle"]
    first = given.as_of - pd.Timedelta(days=rules["days_before_colder"] - 1)
    requests, source = _requests(given, place, first)
    level = float(stored.iloc[-1])
    if requests is not None and requests / level > rules["requests_per_gb_month"]:
        return None
    old = float(stored.iloc[-5])
    prices = _prices(given, place, first)
    saving, basis = None, "requests_not_delivered"
    if requests is not None:
        basis = "colder_price_not_billed"
        if prices["now"] and prices["colder"] and prices["colder"] < prices["now"]:
            gap = prices["now"] - prices["colder"]
            saving = (gap * min(old, level), gap * float(stored.iloc[-12:].min()), gap * level)
            basis = "colder_price_before_fees"
    evidence = {
        "stored_gb": level,
        "stored_gb_30_days_before": old,
        "monthly_growth": newest.monthly,
        "monthly_growth_lower": newest.lower,
        "monthly_growth_upper": newest.upper,
        "requests_per_month": requests,
        "requests_source": source,
        "price_gb_month": prices["now"],
        "colder_price_gb_month": prices["colder"],
        "first_day": first,
        "last_day": given.as_of,
    }
    if requests is None:
        words: tuple[str, dict[str, Any]] = ("storage_lifecycle_unknown", {"gb": round(level)})
    else:
        words = ("storage_lifecycle", {"gb": round(level), "requests": requests / level})
    return Suggestion("storage_lifecycle", basis, evidence, words, saving)


def _prices(given: Known, place: Place, first: pd.Timestamp) -> dict[str, float | None]:
    """Median cost of a GB-month in the region's hot and colder class as this bill charged them."""
    rules = given.config["suggestions"]["storage_lifecycle"]
    rows = given.recent.frame
    rows = rows[
        (rows.usage_date >= first) & (rows.region == place.region) & (rows.currency == place.currency)
    ]
    rows = rows[rows.service.isin(rules["services"]) & rows.usage.gt(0) & rows.cost.gt(0)]
    found: dict[str, float | None] = {}
    for name, key in (("now", "storage_usage_types"), ("colder", "colder_usage_types")):
        part = rows[_holds(rows, key, rules)]
        found[name] = float((part.cost / part.usage).median()) if len(part) else None
    return found
