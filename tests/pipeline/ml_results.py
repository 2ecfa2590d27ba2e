"""Small frames of results, as the models hand them over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

MADE = {"model_version": "7", "config_hash": "c0ffee", "currency": "USD"}


OTHER_SERIES: tuple[dict[str, Any], ...] = (
    {"level": "service", "series_id": "service=ec2", "service": "ec2"},
    {"level": "team", "series_id": "team="},
    {"level": "env", "series_id": "env=prod", "env": "prod"},
    {"level": "resource_group", "series_id": "resource_group="},
    {"level": "organizational_unit", "series_id": "unit=x", "organizational_unit": "x"},
)


def forecasts(
    origin: date, cost: float = 10.0, days: int = 3, others: Sequence[dict[str, Any]] = ()
) -> pd.DataFrame:
    """Days and a month of the organisation, of one account, and of the other series."""
    keys: list[dict[str, Any]] = [
        {"level": "organisation", "series_id": "organisation"},
        {"level": "account", "series_id": "account=1", "account_id": "1"},
        *others,
    ]
    spans = [("day", origin + timedelta(n), n) for n in range(1, days + 1)]
    spans.append(("month", (origin.replace(day=1) + timedelta(32)).replace(day=1), 1))
    rows = [
        {**MADE, **key, "grain": grain, "period_start": start, "horizon": ahead, "method": "auto_ets"}
        | {"modeled_cost": cost + 0.1, "scheduled_cost": 0.2, "explanation_en": "" if grain == "day" else "x"}
        | {
            f"{side}_{p}": cost + sign * p
            for p in (50, 80, 95)
            for side, sign in (("lower", -1), ("upper", 1))
        }
        for key in keys
        for grain, start, ahead in spans
    ]
    return pd.DataFrame(rows)


def anomalies(origin: date, *ids: str) -> pd.DataFrame:
    """One spike for each id."""
    rows = [
        {**MADE, "anomaly_id": one, "grain": "day", "measure": "cost", "level": "region", "kind": "spike"}
        | {"region": "sa-east-1", "started_at": pd.Timestamp("2026-04-01 00:00:00.123456"), "is_open": False}
        | {
            "ended_at": pd.Timestamp("2026-04-02"),
            "detected_on": origin,
            "expected_cost": 1.1,
            "actual_cost": 3.3,
        }
        | {
            "severity": "high",
            "score": 9.5,
            "merged_count": 2,
            "sentence_en": "A spike.",
            "sentence_pt_br": "Um pico.",
        }
        for one in ids
    ]
    return pd.DataFrame(rows)


def patterns(origin: date) -> pd.DataFrame:
    """Office hours of one account, without an estimate."""
    row = {**MADE, "pattern_id": "p", "scope": "account_service", "pattern": "office_hours", "strength": 0.5}
    row |= {"first_day": date(2026, 1, 1), "last_day": origin, "sentence_en": "x", "sentence_pt_br": "y"}
    return pd.DataFrame([row])


def frames(origin: date, *ids: str, cost: float = 10.0) -> dict[str, pd.DataFrame]:
    """A whole run."""
    return {
        "forecasts": forecasts(origin, cost),
        "anomalies": anomalies(origin, *ids),
        "patterns": patterns(origin),
    }
