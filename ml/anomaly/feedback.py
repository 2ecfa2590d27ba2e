"""What people said about alerts, and what follows for the next run. Plain rules, so that everyone can tell why an alert is gone.

A label speaks of a signature: measure, account, service, region, usage type and direction of the labelled alert.
- `false_alarm`: the labelled alert is no longer told. Each one (beyond those that `anomaly` made up for) multiplies
  the impact and the excess ratio that its signature needs by `raise`; `mute_after` of them mute the signature.
- `expected`: the labelled alert, and those of the signature that start around the same day of a month in the following
  `expected_months`, are no longer told.
- `anomaly`: makes up for one `false_alarm` of its signature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

Row = dict[str, Any]
SIGNATURE = (
    "measure",
    "account_id",
    "service",
    "region",
    "usage_type",
    "metric_name",
    "tag_key",
    "tag_value",
)
KEPT_DAYS = 4
"""Days around the same day of a month that `expected` covers."""


def signature(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a label speaks of."""
    actual, expected = sizes(row)
    return (*(row[name] for name in SIGNATURE), actual >= expected)


def sizes(row: Mapping[str, Any]) -> tuple[float, float]:
    """Actual and expected: of the cost, or of what else was measured."""
    if row["actual_cost"] is not None:
        return row["actual_cost"], row["expected_cost"]
    return row["actual_value"], row["expected_value"]


def heeded(rows: Sequence[Row], labels: pd.DataFrame | None, config: Mapping[str, Any]) -> list[Row]:
    """The rows that are still told, given the newest label of each anomaly."""
    if labels is None or labels.empty:
        return list(rows)
    newest = labels.sort_values("labelled_at", kind="stable").drop_duplicates("anomaly_id", keep="last")
    said = dict(zip(newest["anomaly_id"], newest["label"], strict=True))
    named = {row["anomaly_id"]: row for row in rows}
    spoken = [(named[key], label) for key, label in said.items() if key in named]
    doubts: Counter[tuple[Any, ...]] = Counter()
    for row, label in spoken:
        doubts[signature(row)] += {"false_alarm": 1, "anomaly": -1}.get(label, 0)
    usual = [row for row, label in spoken if label == "expected"]
    own = {row["anomaly_id"]: label for row, label in spoken}
    still = [row for row in rows if own.get(row["anomaly_id"]) != "false_alarm"]
    return [
        row
        for row in still
        if own.get(row["anomaly_id"]) == "anomaly" or _told(row, doubts[signature(row)], usual, config)
    ]


def _told(row: Row, doubts: int, usual: Sequence[Row], config: Mapping[str, Any]) -> bool:
    rules, alert = config["feedback"], config["alert"]
    if doubts >= rules["mute_after"] or any(_same_period(row, other, rules) for other in usual):
        return False
    if doubts <= 0:
        return True
    factor = rules["raise"] ** doubts
    more, less = sorted((abs(size) for size in sizes(row)), reverse=True)
    enough = row["impact"] is None or abs(row["impact"]) >= factor * max(
        alert["floor"], rules["least_impact"]
    )
    return bool(enough and more >= (1 + factor * (alert["least_ratio"] - 1)) * less)


def _same_period(row: Row, other: Row, rules: Mapping[str, Any]) -> bool:
    if signature(row) != signature(other):
        return False
    start, then = row["started_at"], other["started_at"]
    if not then <= start <= then + pd.DateOffset(months=rules["expected_months"]):
        return False
    apart = abs(start.day - then.day)
    return min(apart, 31 - apart) <= KEPT_DAYS
