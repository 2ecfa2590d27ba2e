"""Prices that the bill itself gives: billed hours of instances, what commitments cover, the price of the next smaller size."""

from __future__ import annotations

import re

import pandas as pd

from ml.patterns.inputs import Known
from ml.patterns.rows import Place

SIZES = (
    "nano",
    "micro",
    "small",
    "medium",
    "large",
    "xlarge",
    "2xlarge",
    "4xlarge",
    "8xlarge",
    "16xlarge",
    "32xlarge",
)
"""Each has twice the normalisation factor of the one before (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/apply_ri.html)."""
INSTANCE = re.compile(
    r"^(?P<head>.*:(?:db\.|cache\.)?(?P<family>[a-z0-9-]+)\.)(?P<size>[0-9a-z]+)(?P<tail>.*)$"
)


def hour_lines(lines: pd.DataFrame, usage_types: list[str]) -> pd.DataFrame:
    """Lines that bill instances by the hour: known usage, unit of hours, one of the usage types."""
    pattern = "|".join(re.escape(one) for one in usage_types)
    hours = lines.unit.str.lower().isin(["hrs", "hours", "hour"])
    return lines[hours & lines.usage.gt(0) & lines.usage_type.str.contains(pattern, regex=True)]


def coverage_basis(given: Known, place: Place, first: pd.Timestamp) -> str | None:
    """Why stopping hours of the resource can't be told as a saving: a commitment pays for them, or nobody knows; None: it can.

    A Savings Plan or reservation is charged whether it is used or not (https://docs.aws.amazon.com/savingsplans/latest/userguide/
    what-is-savings-plans.html).
    """
    if given.pricing is None:
        return "coverage_not_delivered"
    rows = given.pricing.of(place.account_id, place.resource_id)
    rows = rows[rows.usage_date >= first]
    if rows.empty:
        return "coverage_not_delivered"
    return "covered" if (rows.pricing_category == "Committed").any() else None


def smaller(usage_type: str) -> str | None:
    """The usage type of the next smaller size of the same family; None where the type names no size or the smallest."""
    found = INSTANCE.match(usage_type)
    if not found or found["size"] not in SIZES[1:]:
        return None
    return f"{found['head']}{SIZES[SIZES.index(found['size']) - 1]}{found['tail']}"


def on_demand_price(given: Known, place: Place, usage_type: str, first: pd.Timestamp) -> float | None:
    """Median cost of an hour of the usage type in the resource's region and currency, without commitment, on this bill."""
    if given.pricing is None:
        return None
    rows = given.pricing.frame
    rows = rows[(rows.usage_date >= first) & (rows.usage_type == usage_type) & (rows.usage > 0)]
    rows = rows[
        (rows.region == place.region) & (rows.currency == place.currency) & (rows.service == place.service)
    ]
    rows = rows[rows.pricing_category == "Standard"]
    return float((rows.cost / rows.usage).median()) if len(rows) else None
