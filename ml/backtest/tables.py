"""The tables of a backtest that the issue of accuracy is decided on: what was wanted, what came out, what simple methods
give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ml.backtest.measures import accuracy, coverage
from ml.forecast.panel import BOTTOM

WANTED: Mapping[tuple[str, str], float] = {
    ("next_month", BOTTOM): 0.85,
    ("next_month", "organisation"): 0.93,
    ("daily", "organisation"): 0.88,
    ("year", "organisation"): 0.85,
}
"""Accuracies that are wanted on unseen months, 1 − WAPE."""


def accuracy_table(rows: pd.DataFrame) -> pd.DataFrame:
    """measure (next_month: first month ahead; daily: the first 28 days; year: sum of 12 months), level, model, accuracy,
    bias, points, actual, wanted (NaN where nothing is)."""
    months, days = rows[rows["grain"] == "month"], rows[rows["grain"] == "day"]
    parts = {
        "next_month": months[months["horizon"] == 1],
        "daily": days[days["horizon"] <= 28],
        "year": _years(months),
    }
    made = [
        accuracy(part, ["level", "model"]).assign(measure=measure)
        for measure, part in parts.items()
        if len(part)
    ]
    table = pd.concat(made, ignore_index=True)
    keys = zip(table["measure"], table["level"], strict=True)
    table["wanted"] = [WANTED.get(key, float("nan")) for key in keys]
    return table[["measure", "level", "model", "accuracy", "bias", "points", "actual", "wanted"]]


def coverage_table(rows: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    """Of rows of one model: grain, level, nominal, covered, points; months to the third ahead, days to the 28th."""
    near = rows[rows["horizon"] <= rows["grain"].map({"day": 28, "month": 3})]
    return coverage(near, ["grain", "level"], config["intervals"]["levels"])


def _years(months: pd.DataFrame) -> pd.DataFrame:
    """Sums of the 12 months ahead, of origins that have all of them."""
    key = ["model", "origin", "level", "series_id"]
    grouped = months.groupby(key, as_index=False)
    made = grouped.agg(y=("y", "sum"), y_hat=("y_hat", "sum"), count=("y", "count"))
    return made[made["count"] == 12]
