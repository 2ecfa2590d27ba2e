"""The anomalies of a bill and of CloudWatch metrics, as rows of silver.anomalies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from finlake.catalogue import Catalogue
from ml.anomaly.benign import allowed, came_before
from ml.anomaly.events import Event, events, watch
from ml.anomaly.expected import Expected, expected
from ml.anomaly.feedback import heeded
from ml.anomaly.leaves import Leaves, leaves
from ml.anomaly.levels import Level, levels
from ml.anomaly.merge import causes
from ml.anomaly.metric import METRICS, metric_rows
from ml.anomaly.rows import COLUMNS, Setting, row_of
from ml.anomaly.words import sentence
from ml.frames import checked

Row = dict[str, Any]
MONEY_FLOOR = 1e-9


def newest_trusted_day(bill: pd.DataFrame, config: Mapping[str, Any]) -> date:
    """The last usage day of the bill without its `late_days`, which still grow."""
    newest = pd.Timestamp(bill["usage_date"].max()).normalize()
    return (newest - pd.Timedelta(days=config["late_days"])).date()


def detect(
    bill: pd.DataFrame,
    as_of: date,
    config: Mapping[str, Any],
    *,
    labels: pd.DataFrame | None = None,
    metrics: pd.DataFrame | None = None,
    grain: str = "day",
) -> pd.DataFrame:
    """Anomalies known on `as_of`, the last trusted day: one row a cause, columns of silver.anomalies without the common ones.

    `bill` as ml.frames.BILL (at grain hour `usage_date` carries the hour). Of its days after `as_of` at most `late_days` are
    looked at, and only for costs above the expected: such days still grow. `metrics`: columns METRICS, daily. `labels`:
    anomaly_id, label, labelled_at. Amounts are float64 in `currency`; currencies are never summed. Raises ValueError for
    missing columns.
    """
    frame = checked(bill)
    rows: list[Row] = []
    for currency in sorted(frame["currency"].unique()):
        rows += _of_bill(frame[frame["currency"] == currency], as_of, grain, config)
    if metrics is not None and len(metrics):
        rows += metric_rows(checked(metrics, METRICS, "metrics"), as_of, config)
    told = heeded(rows, labels, config)
    told.sort(key=lambda row: (row["started_at"], row["anomaly_id"]))
    return _frame([_with_words(row) for row in told])


def _of_bill(bill: pd.DataFrame, as_of: date, grain: str, config: Mapping[str, Any]) -> list[Row]:
    points = config["points_a_day"][grain]
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1 + config["late_days"]) - pd.Timedelta(days=1) / points
    last = min(end, pd.Timestamp(bill["usage_date"].max()))
    part = leaves(bill, last, grain)
    if not len(part.keys):
        return []
    found = expected(part, grain, config)
    currency = str(bill["currency"].iloc[0])
    cost = _rows(part, found, "cost", currency, as_of, grain, config)
    free = _without_price(part, found, config)
    usage = _rows(part, free, "usage", currency, as_of, grain, config) if free is not None else []
    return cost + [row for row in usage if not _told_already(row, cost)]


def _rows(
    part: Leaves,
    found: Expected,
    measure: str,
    currency: str,
    as_of: date,
    grain: str,
    config: Mapping[str, Any],
) -> list[Row]:
    services = part.keys["service"].tolist()
    usual = allowed(found.actual, found.expected, found.judged, part.times, services, config)
    late = np.asarray(part.times.normalize() > pd.Timestamp(as_of))
    found = replace(found, expected=usual)
    places = levels(part.keys)
    all_events = [event for level in places for event in _events(level, found, late, grain, config)]
    excess = np.where(found.judged, found.actual - found.expected, 0.0)
    merged = causes(all_events, places, excess, _products(part), config["alert"]["same_start"][grain])
    last_point = int(np.flatnonzero(~late)[-1]) if (~late).any() else 0
    at = Setting(
        grain, currency, measure, part, found, {level.name: level for level in places}, last_point, config
    )
    rows = [row for row in (row_of(cause, at) for cause in merged) if _matters(row, config)]
    return [row for row in rows if not came_before(row, rows, config["recurs"])]


def _products(part: Leaves) -> list[str]:
    """Account and AWS product of each leaf: AWS bills volumes, NAT gateways and transfer as EC2, here they are services."""
    code: dict[str, str] = {}
    for match in Catalogue.load().ordered_matches():
        if match.product_code is not None:
            code.setdefault(match.service, match.product_code)
    keys = part.keys
    return [
        f"{account} {code.get(service, service)}"
        for account, service in zip(keys["account_id"], keys["service"], strict=True)
    ]


def _events(level: Level, found: Expected, late: Any, grain: str, config: Mapping[str, Any]) -> list[Event]:
    actual, usual = level.total(found.actual), level.total(found.expected)
    judged = level.total(np.where(found.judged, found.actual + found.expected, 0.0)) > MONEY_FLOOR
    usual = np.where(late[:, None], np.minimum(usual, actual), usual)
    leak = level.total(np.where(found.leaking, np.abs(found.actual - found.expected), 0.0))
    leaking = (leak > 0) & (leak >= config["leak"]["share"] * np.abs(actual - usual))
    return events(level.name, watch(actual, usual, judged, leaking, grain, config), grain, config)


def _matters(row: Row, config: Mapping[str, Any]) -> bool:
    """Whether the cause as a whole, all its leaves together, is still over floor and ratio."""
    alert = config["alert"]
    if row["measure"] == "usage":
        return row["unit"] is not None
    more, less = sorted((abs(row["actual_cost"]), abs(row["expected_cost"])), reverse=True)
    return bool(abs(row["impact"]) >= alert["floor"] and more >= alert["least_ratio"] * less)


def _without_price(part: Leaves, found: Expected, config: Mapping[str, Any]) -> Expected | None:
    """Amounts whose cost is nothing or next to nothing today, at the leaf's own usual price: use that the bill doesn't show."""
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(part.usage > 0, part.cost / part.usage, np.nan)
    usual = _usual_price(price)
    free = part.metered & np.isfinite(price) & (price < config["usage"]["free_share"] * usual)
    if not free.any():
        return None
    worth = np.where(free, found.amount * usual, 0.0)
    expected_worth = np.where(free, found.expected_amount * usual, 0.0)
    return replace(found, actual=worth, expected=expected_worth, judged=found.judged & free)


def _usual_price(price: Any) -> Any:
    """The highest price so far of each leaf, 0 before there is one."""
    return np.maximum.accumulate(np.nan_to_num(price), axis=0)


def _told_already(row: Row, others: list[Row]) -> bool:
    return any(
        row["account_id"] == other["account_id"]
        and row["service"] == other["service"]
        and row["started_at"] <= other["ended_at"]
        and other["started_at"] <= row["ended_at"]
        for other in others
    )


def _with_words(row: Row) -> Row:
    told = {"sentence_en": sentence(row, "en"), "sentence_pt_br": sentence(row, "pt-BR")}
    return {**row, **told, "root_cause": json.dumps(row["root_cause"], ensure_ascii=False)}


def _frame(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in ("started_at", "ended_at", "detected_on"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[ns]")
    for column in (
        "expected_cost",
        "actual_cost",
        "impact",
        "expected_value",
        "actual_value",
        "ratio",
        "score",
    ):
        frame[column] = frame[column].astype("float64")
    return frame.astype({"is_open": "bool", "merged_count": "int64"})
