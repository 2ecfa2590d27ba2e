"""Seasonality of spend: the weekly grid (what each weekday costs) and the shape of a month (its first and last days)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.patterns.inputs import SERIES_KEYS, Known, daily_table, largest, strength
from ml.patterns.rows import Found, Percent, Place

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EDGES = ("start", "end")


def seasons(given: Known) -> Iterator[Found]:
    """Weekly grids and month shapes of the organisation's and each account × service's daily cost."""
    for keys in (["currency"], SERIES_KEYS):
        grids = dict(_grids(given, keys))
        yield from grids.values()
        yield from _months(given, keys, grids)


def place_of(name: Any) -> Place:
    """Of a column of a daily table by currency, or by currency, account and service."""
    if isinstance(name, str):
        return Place("organisation", name)
    return Place("account_service", *name)


def _grids(given: Known, keys: list[str]) -> Iterator[tuple[Any, Found]]:
    rules = given.config["weekly_grid"]
    days = 7 * rules["weeks"]
    first = max(given.as_of - pd.Timedelta(days=days - 1), given.bill.usage_date.min())
    first += pd.Timedelta(days=((given.as_of - first).days + 1) % 7)
    table = daily_table(given.bill, keys, "cost", first, given.as_of)
    table = largest(table, given.config)
    for name in table.columns:
        profile = weekday_profile(table[name], rules)
        if profile and _is_a_grid(profile, rules):
            yield name, _grid(place_of(name), profile, first, given.as_of)


def weekday_profile(values: pd.Series, rules: Mapping[str, Any]) -> dict[str, Any] | None:
    """Factor of each weekday (its median share of its week, mean 1) and its strength; None where too few weeks have spend.

    `values` is daily, whole weeks (any weekday may begin them). A day whose deviation from its weekday's factor is beyond
    `outlier_mad` scaled MADs is drawn in to that bound before the strength is taken.
    """
    weeks = values.to_numpy()[: len(values) // 7 * 7].reshape(-1, 7)
    means = weeks.mean(axis=1)
    if (means > 0).sum() < rules["least_weeks"]:
        return None
    ratios = weeks[means > 0] / means[means > 0][:, None]
    factors = np.median(ratios, axis=0)
    factors = factors / factors.mean() if factors.mean() > 0 else factors
    rest = ratios - factors
    bound = rules["outlier_mad"] * 1.4826 * np.median(np.abs(rest))
    drawn = factors + np.clip(rest, -bound, bound)
    weekday = values.index[:7].dayofweek
    return {
        "factors": {
            WEEKDAYS[day]: float(factor) for day, factor in sorted(zip(weekday, factors, strict=True))
        },
        "strength": strength(drawn.ravel(), np.tile(np.arange(7), len(drawn))),
        "weeks": len(ratios),
    }


def _is_a_grid(profile: Mapping[str, Any], rules: Mapping[str, Any]) -> bool:
    factors = list(profile["factors"].values())
    return profile["strength"] >= rules["strength"] and max(factors) - min(factors) >= rules["spread"]


def _grid(place: Place, profile: Mapping[str, Any], first: pd.Timestamp, last: pd.Timestamp) -> Found:
    factors = profile["factors"]
    high, low = max(factors, key=factors.__getitem__), min(factors, key=factors.__getitem__)
    weekend = (factors["sat"] + factors["sun"]) / 2
    working = sum(factors[day] for day in WEEKDAYS[:5]) / 5
    values = {
        "place": name_of(place),
        "high": f"@{high}",
        "low": f"@{low}",
        "share": Percent(factors[low] / factors[high] if factors[high] else 0.0),
        "weeks": profile["weeks"],
    }
    details = {
        "measure": "cost",
        "profile": factors,
        "weekend_to_weekday": weekend / working if working else None,
        "weeks": profile["weeks"],
    }
    return Found(place, "weekly_grid", profile["strength"], first, last, details, ("weekly_grid", values))


def name_of(place: Place) -> Any:
    """How a sentence calls it."""
    if place.scope == "organisation":
        return "@whole_bill"
    return place.resource_id or f"{place.service} ({place.account_id})"


def _months(given: Known, keys: list[str], grids: Mapping[Any, Found]) -> Iterator[Found]:
    rules = given.config["month_shape"]
    end = (given.as_of + pd.Timedelta(days=1)).to_period("M").start_time - pd.Timedelta(days=1)
    start = (end.to_period("M") - (rules["months"] - 1)).start_time
    first = given.bill.usage_date.min()
    whole = first if first.day == 1 else (first.to_period("M") + 1).start_time
    start = max(start, whole)
    if (end.to_period("M") - start.to_period("M")).n + 1 < rules["least_months"] or start > end:
        return
    table = largest(daily_table(given.bill, keys, "cost", start, end), given.config)
    for name in table.columns:
        grid = grids.get(name)
        values = table[name] / _weekday_factors(table.index, grid)
        shape = month_profile(values, rules)
        if shape:
            yield _shape(place_of(name), shape, start, end)


def _weekday_factors(days: pd.DatetimeIndex, grid: Found | None) -> np.ndarray:
    if grid is None:
        return np.ones(len(days))
    profile = grid.details["profile"]
    return np.array([max(profile[WEEKDAYS[day]], 0.05) for day in days.dayofweek])


def month_profile(values: pd.Series, rules: Mapping[str, Any]) -> dict[str, Any] | None:
    """Level of a month's first and last days against its middle (median, 1 = alike), its strength; None where there is no shape.

    `values` is daily, whole months. An edge counts where its median level is off by `spread` and `consistent` of the months
    deviate to that side.
    """
    days, month = values.index, values.index.to_period("M")
    left = days.days_in_month - days.day
    edge = np.where(
        days.day <= rules["edge_days"], "start", np.where(left < rules["edge_days"], "end", "middle")
    )
    middle = values[edge == "middle"].groupby(month[edge == "middle"]).median()
    ratios = values / middle.reindex(month).to_numpy()
    fine = np.isfinite(ratios.to_numpy())
    if len(middle[middle > 0]) < rules["least_months"] or not fine.all():
        return None
    by_month = ratios.groupby([month, edge]).mean().unstack()
    levels = {name: float(by_month[name].median()) for name in EDGES}
    sides = {name: float((np.sign(by_month[name] - 1) == np.sign(levels[name] - 1)).mean()) for name in EDGES}
    telling = [
        name
        for name in EDGES
        if abs(levels[name] - 1) >= rules["spread"] and sides[name] >= rules["consistent"]
    ]
    drawn = np.clip(ratios.to_numpy(), 0, max(3.0, 2 * max(levels.values())))
    told = strength(drawn, np.asarray(edge))
    if not telling or told < rules["strength"]:
        return None
    return {
        "levels": levels,
        "telling": telling,
        "same_side": sides,
        "strength": told,
        "months": len(by_month),
    }


def _shape(place: Place, shape: Mapping[str, Any], first: pd.Timestamp, last: pd.Timestamp) -> Found:
    edges = [("edge_" + name, shape["levels"][name]) for name in shape["telling"]]
    name, level = max(edges, key=lambda one: abs(one[1] - 1))
    values = {
        "place": name_of(place),
        "edge": f"@{name}",
        "level": Percent(level),
        "months": shape["months"],
    }
    details = {"measure": "cost", **{key: one for key, one in shape.items() if key != "strength"}}
    return Found(place, "month_shape", shape["strength"], first, last, details, ("month_shape", values))
