"""Sentences of an alert in English and Brazilian Portuguese, from the catalogue finlake/messages/anomaly.yml."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from finlake.catalogue import Catalogue
from finlake.messages import Said, message, number, text

MANY = Decimal(100)
SMALL = 0.005


def sentence(row: Mapping[str, Any], language: str) -> str:
    """The sentence of one row of silver.anomalies (root_cause as a list of {dimension, value, share})."""
    if row["measure"] == "metric":
        return text(_direction("metric", row), language, **_metric_values(row, language))
    values = {"place": _place(row), "dates": _dates(row, language), "why": _why(row, language)}
    if row["measure"] == "usage":
        return text(_direction("used", row), language, **values, **_amounts(row, language), unit=row["unit"])
    return text(_cost_key(row), language, **values, **_money(row, language), currency=row["currency"])


def _direction(stem: str, row: Mapping[str, Any]) -> str:
    return f"anomaly.{stem}_{'above' if row['actual_value'] >= row['expected_value'] else 'below'}"


def _cost_key(row: Mapping[str, Any]) -> str:
    if row["impact"] < 0:
        return "anomaly.below"
    if row["expected_cost"] < SMALL:
        return "anomaly.from_nothing"
    return "anomaly.leak" if row["kind"] == "slow_leak" else "anomaly.above"


def _money(row: Mapping[str, Any], language: str) -> dict[str, str]:
    return {
        "impact": number(Decimal(str(abs(row["impact"]))), language, 2),
        "expected": number(Decimal(str(row["expected_cost"])), language, 2),
        **_ratio(row, language),
    }


def _amounts(row: Mapping[str, Any], language: str) -> dict[str, str]:
    return {
        "actual": _amount(row["actual_value"], language),
        "expected": _amount(row["expected_value"], language),
        **_ratio(row, language),
    }


def _ratio(row: Mapping[str, Any], language: str) -> dict[str, str]:
    ratio = Decimal(str(row["ratio"])) if row["ratio"] is not None else Decimal(0)
    return {
        "ratio": number(ratio, language, 0 if ratio >= MANY else 1),
        "percent": number(ratio * 100, language, 0),
    }


def _amount(value: float, language: str) -> str:
    return number(Decimal(str(value)), language, 0 if abs(value) >= 1000 else 2)


def _metric_values(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "metric": row["metric_name"],
        "resource": row["resource_id"],
        "account": row["account_id"],
        "unit": row["unit"] or "",
        "dates": _dates(row, language),
        **_amounts(row, language),
    }


def _place(row: Mapping[str, Any]) -> Said:
    if row["service"] is None:
        return message("anomaly.place_tag", key=row["tag_key"], value=row["tag_value"])
    where = {"service": title(row["service"]), "account": row["account_id"]}
    if row["region"]:
        return message("anomaly.place_region", **where, region=row["region"])
    return message("anomaly.place", **where)


def title(service: str) -> str:
    """A service's name as people know it; its key if the catalogue has none."""
    known = Catalogue.load().services.get(service)
    return known.title if known is not None else service


def _why(row: Mapping[str, Any], language: str) -> str:
    """The one dimension that says most: the finest that explains most, and isn't named as the place already."""
    named = {"service", "region", "account_id"}
    told = [one for one in row["root_cause"] if one["dimension"] not in named and one["share"] >= 0.5]
    order = {"usage_type": 0, "resource_id": 1}
    told.sort(key=lambda one: (order.get(one["dimension"], 2), -one["share"]))
    if not told:
        return ""
    best = told[0]
    percent = number(Decimal(str(best["share"])) * 100, language, 0)
    dimension = text(f"anomaly.{best['dimension']}", language)
    return text("anomaly.why", language, dimension=dimension, value=best["value"], percent=percent)


def _dates(row: Mapping[str, Any], language: str) -> str:
    first, last, hourly = row["started_at"], row["ended_at"], row["grain"] == "hour"
    if row["is_open"] and first != last:
        return text("anomaly.dates_open", language, first=_date(first, language, hourly))
    if first == last:
        return text("anomaly.dates_one", language, last=_date(last, language, hourly))
    short = not hourly and first.year == last.year
    start = _short(first, language) if short else _date(first, language, hourly)
    return text("anomaly.dates", language, first=start, last=_date(last, language, hourly))


def _short(when: pd.Timestamp, language: str) -> str:
    return text(
        "anomaly.date_short", language, day=str(when.day), month=text(f"anomaly.month_{when.month}", language)
    )


def _date(when: pd.Timestamp, language: str, hourly: bool) -> str:
    month = text(f"anomaly.month_{when.month}", language)
    day = text("anomaly.date", language, day=str(when.day), month=month, year=str(when.year))
    return text("anomaly.date_hour", language, date=day, hour=f"{when.hour:02d}") if hourly else day
