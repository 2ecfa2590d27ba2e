"""Anomalies of CloudWatch metrics: daily values of resources through the same filter. No money, strict thresholds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.core import Fit, fit
from ml.anomaly.merge import kind_of
from ml.anomaly.rows import COLUMNS, ID_DIGITS, severity

METRICS: Mapping[str, str] = {
    **dict.fromkeys(("account_id", "region", "resource_id", "namespace", "metric_name", "unit"), "str"),
    "usage_date": "datetime64[ns]",
    "value": "float64",
}
SERIES = ["account_id", "region", "resource_id", "namespace", "metric_name", "unit"]


def metric_rows(metrics: pd.DataFrame, as_of: date, config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of silver.anomalies with measure `metric`: one a series and stretch of days. Days after `as_of` are left out."""
    frame = metrics[metrics["usage_date"] <= pd.Timestamp(as_of)]
    if frame.empty:
        return []
    table = frame.pivot_table(index="usage_date", columns=SERIES, values="value", aggfunc="mean", sort=True)
    table = table.reindex(pd.date_range(table.index.min(), pd.Timestamp(as_of), freq="D"))
    values = table.to_numpy(dtype=float)
    found = fit(values, pd.DatetimeIndex(table.index), "day", config)
    rows = []
    for number, names in enumerate(table.columns):
        for points in _stretches(values[:, number], found, number, config):
            rows.append(
                _row(
                    dict(zip(SERIES, names, strict=True)),
                    points,
                    values[:, number],
                    found,
                    number,
                    table.index,
                    config,
                )
            )
    return rows


def _stretches(values: Any, found: Fit, number: int, config: Mapping[str, Any]) -> list[Any]:
    """Days on which the value is far off to one side, parted where more than the gap lies between."""
    rules = config["metric"]
    base, score = np.nan_to_num(found.base[:, number]), np.nan_to_num(found.score[:, number])
    value = np.nan_to_num(values)
    first = np.abs(values[np.isfinite(values)][: config["grains"]["day"]["warm_up"]])
    least = rules["least_of_middle"] * (float(np.median(first)) if len(first) else 0.0)
    stretches = []
    for sign in (1, -1):
        more, less = (value, base) if sign > 0 else (base, value)
        off = (
            np.isfinite(found.base[:, number])
            & (more >= rules["least_ratio"] * less)
            & (more - less >= least)
        )
        points = np.flatnonzero(off)
        for part in np.split(points, np.flatnonzero(np.diff(points) > config["alert"]["gap"]["day"] + 1) + 1):
            if len(part) and (sign * score[part]).max() >= rules["score"]:
                stretches.append((sign, part))
    return stretches


def _row(
    names: Mapping[str, str],
    stretch: Any,
    values: Any,
    found: Fit,
    number: int,
    days: pd.DatetimeIndex,
    config: Mapping[str, Any],
) -> dict[str, Any]:
    sign, points = stretch
    scores = sign * np.nan_to_num(found.score[points, number])
    came, was = float(values[points].mean()), float(found.base[points, number].mean())
    length = int(points[-1] - points[0]) + 1
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        "anomaly_id": _id(names, sign, days[points[0]]),
        "grain": "day",
        "measure": "metric",
        "level": "resource",
        "kind": kind_of(
            sign * (values[points] - found.base[points, number]),
            sign,
            length,
            config["alert"]["spike_most"]["day"],
            False,
            config["leak"],
        ),
        "account_id": names["account_id"],
        "region": names["region"] or None,
        "resource_id": names["resource_id"],
        "metric_name": names["metric_name"],
        "unit": names["unit"] or None,
        "started_at": days[points[0]],
        "ended_at": days[points[-1]],
        "detected_on": days[points[(scores >= config["metric"]["score"]).argmax()]],
        "is_open": bool(points[-1] + config["alert"]["gap"]["day"] >= len(days) - 1),
        "expected_value": was,
        "actual_value": came,
        "ratio": came / was if was > 0 else None,
        "score": float(scores.max()),
        "merged_count": 1,
        "root_cause": [{"dimension": "resource_id", "value": names["resource_id"], "share": 1.0}],
    }
    row["severity"] = severity(row, config)
    return row


def _id(names: Mapping[str, str], sign: int, start: pd.Timestamp) -> str:
    text = "\x1f".join(["metric", "day", *(names[name] for name in SERIES), str(sign), start.isoformat()])
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]
