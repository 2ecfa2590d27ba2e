"""A cause as a row of silver.anomalies: place, time, money, root cause, severity."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.expected import Expected
from ml.anomaly.leaves import PLACE, TAGS, Leaves
from ml.anomaly.levels import Level
from ml.anomaly.merge import Cause, kind_of

COLUMNS = (
    "anomaly_id",
    "grain",
    "measure",
    "level",
    "kind",
    "account_id",
    "service",
    "region",
    "usage_type",
    "resource_id",
    "tag_key",
    "tag_value",
    "metric_name",
    "unit",
    "started_at",
    "ended_at",
    "detected_on",
    "is_open",
    "expected_cost",
    "actual_cost",
    "impact",
    "expected_value",
    "actual_value",
    "ratio",
    "score",
    "severity",
    "merged_count",
    "root_cause",
    "sentence_en",
    "sentence_pt_br",
    "currency",
)
ID_DIGITS = 16


@dataclass(frozen=True)
class Setting:
    """What the rows of one run share."""

    grain: str
    currency: str
    measure: str
    part: Leaves
    found: Expected
    places: Mapping[str, Level]
    last_point: int
    config: Mapping[str, Any]


def row_of(cause: Cause, at: Setting) -> dict[str, Any]:
    """The row of one cause, without its sentences."""
    leaves = np.array(sorted(cause.leaves))
    points = slice(cause.first, cause.last + 1)
    actual, usual = at.found.actual[points][:, leaves], at.found.expected[points][:, leaves]
    excess = actual - usual
    came, was = float(actual.sum()), float(usual.sum())
    gap = at.config["alert"]["gap"][at.grain]
    roots = root_cause(at.part.keys.iloc[leaves], excess.sum(axis=0), usual.sum(axis=0), at.config)
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        "anomaly_id": anomaly_id(at, cause),
        "grain": at.grain,
        "measure": at.measure,
        "level": cause.anchor.level.split(":")[0],
        "kind": _kind(cause, excess, leaves, at),
        "started_at": at.part.times[cause.first],
        "ended_at": at.part.times[cause.last],
        "detected_on": at.part.times[cause.anchor.detected].normalize(),
        "is_open": bool(cause.last + gap >= at.last_point),
        "ratio": came / was if was > 0 else None,
        "score": max(event.score for event in cause.events),
        "merged_count": len(cause.events),
        "root_cause": roots,
        "currency": at.currency,
    }
    row |= _place(cause, roots, at) | _sizes(row, leaves, points, (came, was), at)
    row["severity"] = severity(row, at.config)
    return row


def anomaly_id(at: Setting, cause: Cause) -> str:
    """Of measure, grain, currency, level, series and start: the same in every run that finds the cause."""
    anchor = cause.anchor
    names = at.places[anchor.level].names.iloc[anchor.series].astype(str).tolist()
    start = at.part.times[anchor.first].isoformat()
    text = "\x1f".join([at.measure, at.grain, at.currency, anchor.level, *names, str(anchor.sign), start])
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def _kind(cause: Cause, excess: np.ndarray[Any, Any], leaves: np.ndarray[Any, Any], at: Setting) -> str:
    sign = cause.anchor.sign
    known = slice(cause.first, cause.anchor.detected + 1)
    leaking = bool(at.found.leaking[known][:, leaves].any())
    most = at.config["alert"]["spike_most"][at.grain]
    sums = sign * excess.sum(axis=1)
    return kind_of(sums, sign, len(sums), most, leaking, at.config["leak"])


def _place(cause: Cause, roots: list[dict[str, Any]], at: Setting) -> dict[str, Any]:
    """Columns of the place: what the excess lies in by at least `explains`; tags for a cause that only a tag shows."""
    enough = at.config["alert"]["explains"]
    named: dict[str, Any] = {}
    for one in roots:
        if one["share"] >= enough and one["dimension"] in PLACE:
            named[one["dimension"]] = one["value"]
    if cause.anchor.level.startswith("tag:"):
        value = str(at.places[cause.anchor.level].names.iloc[cause.anchor.series, 0])
        return {**named, "tag_key": cause.anchor.level.split(":")[1], "tag_value": value}
    first = {
        one["dimension"]: one["value"]
        for one in reversed(roots)
        if one["dimension"] in ("account_id", "service")
    }
    return first | named


def _sizes(
    row: Mapping[str, Any],
    leaves: np.ndarray[Any, Any],
    points: slice,
    sums: tuple[float, float],
    at: Setting,
) -> dict[str, Any]:
    units = at.part.keys["unit"].iloc[leaves].unique()
    one_unit = len(units) == 1 and units[0] != ""
    amounts = {
        "unit": str(units[0]) if one_unit else None,
        "actual_value": float(at.found.amount[points][:, leaves].sum()) if one_unit else None,
        "expected_value": float(at.found.expected_amount[points][:, leaves].sum()) if one_unit else None,
    }
    if at.measure == "usage":
        return amounts
    return {**amounts, "actual_cost": sums[0], "expected_cost": sums[1], "impact": sums[0] - sums[1]}


def root_cause(
    keys: pd.DataFrame,
    excess: np.ndarray[Any, Any],
    usual: np.ndarray[Any, Any],
    config: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The values of each dimension that explain the excess, in the manner of Adtributor (Bhagwan et al., NSDI 2014).

    Share = a value's part of the whole excess. Values from `least_share` on, as few as explain `explains` of it; a dimension
    in which the excess lies as the expected cost does (no surprise) is left out, unless it has one value only.
    """
    total = float(excess.sum())
    found = []
    for dimension in ["account_id", "service", "region", "usage_type", "resource_id", *TAGS]:
        sums = pd.DataFrame({"value": keys[dimension].to_numpy(), "excess": excess, "usual": usual})
        sums = sums.groupby("value", sort=True).sum()
        shares = (sums["excess"] / total).sort_values(ascending=False, kind="stable")
        told = shares[shares >= config["alert"]["least_share"]]
        enough = int((told.cumsum() < config["alert"]["explains"]).sum()) + 1
        for value, share in told.iloc[:enough].items():
            if value != "":
                found.append(
                    {"dimension": dimension, "value": str(value), "share": round(min(float(share), 1.0), 4)}
                )
    return found


def severity(row: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """high and medium by impact and by how many times the expected (or the part of it) came; low for all others."""
    ratio = row["ratio"] if row["ratio"] is not None else np.inf
    times = max(ratio, 1 / ratio if ratio > 0 else np.inf)
    impact = abs(row["impact"]) if row["impact"] is not None else 0.0
    for name in ("high", "medium"):
        rule = config["severity"][name]
        if impact >= rule["impact"] and times >= rule["ratio"]:
            return name
    return "low"
