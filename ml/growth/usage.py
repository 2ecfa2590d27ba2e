"""Used amounts of a bill by resource kind (storage, instances, requests): daily levels, and how they make a month's amount."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MEAN_MONTH = 30.4375
"""Days of a mean month of the Gregorian calendar: 365.25 / 12."""


@dataclass(frozen=True)
class Usage:
    """One kind in one unit: `daily` levels of every day from the first with usage, and whether a unit is "per month" (GB-Mo).

    A level is the amount of a day; for units per month it is what was there on the day (GB), that is the billed amount times
    `days_of_a_month` of it.
    """

    kind: str
    unit: str
    daily: pd.Series
    per_month: bool
    own_months: bool

    def month(self, level: float, month: pd.Period, days: int) -> float:
        """The amount that `days` days of a month bill at a daily level."""
        if not self.per_month:
            return level * days
        return level * days / (month.days_in_month if self.own_months else MEAN_MONTH)


def usages(bill: pd.DataFrame, as_of: pd.Timestamp, kinds: Mapping[str, Any]) -> Iterator[Usage]:
    """Every kind and unit of the bill's usage lines up to `as_of` with a known amount, by kind in the configuration's order."""
    lines = bill[(bill.usage_date <= as_of) & (bill.charge_category == "Usage") & (bill.usage > 0)]
    taken = pd.Series(False, index=lines.index)
    for kind, rules in kinds.items():
        spelling = {other: unit for unit, others in rules["units"].items() for other in others}
        chosen = lines.unit.isin(list(spelling)) & ~taken
        if "usage_types" in rules:
            pattern = "|".join(re.escape(one) for one in rules["usage_types"])
            chosen &= lines.usage_type.str.contains(pattern, regex=True)
        taken |= chosen
        part = lines[chosen]
        for unit, rows in part.groupby(part.unit.map(spelling)):
            yield _usage(kind, str(unit), rows, as_of)


def _usage(kind: str, unit: str, rows: pd.DataFrame, as_of: pd.Timestamp) -> Usage:
    billed = rows.groupby("usage_date").usage.sum()
    billed = billed.reindex(pd.date_range(billed.index[0], as_of)).fillna(0.0)
    per_month = unit.endswith("-Mo")
    own = per_month and divides_by_own_months(billed)
    factor: Any = 1.0
    if per_month:
        factor = billed.index.days_in_month if own else MEAN_MONTH
    return Usage(kind, unit, billed * factor, per_month, own)


def divides_by_own_months(billed: pd.Series) -> bool:
    """Does a day's GB-months times the days of its month leave smaller steps at month ends than times those of a mean month?

    AWS divides byte hours by the hours of the month at hand (https://aws.amazon.com/s3/faqs/#Billing); exports exist that
    divide by a mean month.
    """
    first_of_month = billed.index.day == 1
    steps = []
    for factor in (np.asarray(billed.index.days_in_month, dtype=float), MEAN_MONTH):
        with np.errstate(divide="ignore", invalid="ignore"):
            jumps = np.log(billed * factor).diff()[first_of_month]
        known = jumps.replace([np.inf, -np.inf], np.nan).dropna()
        steps.append(known.abs().median() if len(known) else np.nan)
    return not (np.isfinite(steps).all() and steps[0] > steps[1])
