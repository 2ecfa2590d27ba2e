"""Alerts against planted events of the golden history: precision, recall by size and kind, false alerts by series and week.

An alert and an event match when account, service, region, usage type and direction fit, as far as both say them, and their days
overlap or lie at most `tolerance` apart. Benign events (fees, launches, month ends …) are no truth: an alert that matches none
of the planted events is false, whatever it lies on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from finlake.catalogue import Catalogue

TOLERANCE_DAYS = 2
BANDS = ((3.0, "3x"), (2.0, "2x"), (1.5, "1.5x"), (0.0, "less"))
SLOW = {"slow_leak": "leak", "drop": "drop"}


def services_of(product_code: str) -> frozenset[str]:
    """The catalogue's services that lines of an AWS product code fall to."""
    matches = Catalogue.load().ordered_matches()
    return frozenset(
        match.service for match in matches if match.conditions.get("product_code") == product_code
    )


def with_ratio(truth: pd.DataFrame, bill: pd.DataFrame, until: date) -> pd.DataFrame:
    """Events with `ratio` (actual to what it would have been, on the days up to `until`) and `band`."""
    usage = bill[bill["charge_category"] == "Usage"]
    found = truth.copy()
    found["ratio"] = [_ratio(event, usage, pd.Timestamp(until)) for event in truth.to_dict("records")]
    found["band"] = [
        SLOW.get(kind) or next(name for least, name in BANDS if ratio >= least)
        for kind, ratio in zip(found["kind"], found["ratio"], strict=True)
    ]
    return found


def _ratio(event: Mapping[str, Any], usage: pd.DataFrame, until: pd.Timestamp) -> float:
    start, end = pd.Timestamp(event["start"]), pd.Timestamp(event["end"])
    last = min(end, until)
    rows = usage[
        (usage["account_id"] == event["account"])
        & usage["service"].isin(services_of(event["service"]))
        & usage["usage_date"].between(start, last)
    ]
    for column, key in (("region", "region"), ("usage_type", "usage_type"), ("resource_id", "resource")):
        if event[key]:
            rows = rows[rows[column] == event[key]]
    share = ((last - start).days + 1) / ((end - start).days + 1)
    actual = float(rows["cost"].sum())
    without = actual - float(event["extra_cost"]) * share
    return actual / without if without > 0 else np.inf


def matches(alert: Mapping[str, Any], event: Mapping[str, Any], tolerance: int = TOLERANCE_DAYS) -> bool:
    """Whether the alert speaks of this event."""
    near = pd.Timedelta(days=tolerance)
    return bool(
        alert["account_id"] == event["account"]
        and alert["service"] in services_of(event["service"])
        and _fits(alert["region"], event["region"])
        and _fits(alert["usage_type"], event["usage_type"])
        and (alert["impact"] >= 0) == (float(event["extra_cost"]) >= 0)
        and alert["started_at"] <= pd.Timestamp(event["end"]) + near
        and pd.Timestamp(event["start"]) <= alert["ended_at"] + near
    )


def _fits(said: Any, wanted: Any) -> bool:
    return not said or not wanted or said == wanted


def score(
    alerts: pd.DataFrame, truth: pd.DataFrame, series: int, weeks: float, floor: float
) -> dict[str, Any]:
    """Figures of alerts on cost against `truth` (of `with_ratio`); `series` = account x service watched for `weeks`.

    `floor`: events with less extra cost don't count for recall. An alert on an event below it is not false.
    """
    told = alerts[alerts["measure"] == "cost"].to_dict("records")
    events = truth.to_dict("records")
    true = [any(matches(alert, event) for event in events) for alert in told]
    false = len(told) - sum(true)
    figures: dict[str, Any] = {
        "alerts": len(told),
        "false": false,
        "precision": sum(true) / len(told) if told else None,
        "false_share": false / len(told) if told else None,
        "false_per_100_series_weeks": 100 * false / (series * weeks),
    }
    for band in ("3x", "2x", "1.5x", "less", "leak", "drop"):
        wanted = [
            event for event in events if event["band"] == band and abs(float(event["extra_cost"])) >= floor
        ]
        found = sum(any(matches(alert, event) for alert in told) for event in wanted)
        figures[f"events_{band}"] = len(wanted)
        figures[f"recall_{band}"] = found / len(wanted) if wanted else None
    return figures


def missed(alerts: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Events that no alert speaks of."""
    told = alerts[alerts["measure"] == "cost"].to_dict("records")
    return truth[[not any(matches(alert, event) for alert in told) for event in truth.to_dict("records")]]
