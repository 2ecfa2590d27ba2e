"""Schedules of resources: office hours and nightly batches from hours where they are delivered, else weekdays against weekends.

A bill or a metric of whole days can't tell an hour: from days alone no nightly batch is claimed, and "office hours" says no
more than that weekends are off; `details.basis` says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.patterns import off_hours
from ml.patterns.inputs import RESOURCE_KEYS, Known, strength
from ml.patterns.rows import Found, Percent, Place

HOURS = "h"


@dataclass(frozen=True)
class Activity:
    """What a resource did: `values` by local hour or by day (`basis` says which and from what); what is not delivered is NaN."""

    basis: str
    measure: str
    values: pd.Series


@dataclass(frozen=True)
class Block:
    """Hours [start, start + length) of a local day, which may run over midnight."""

    start: int
    length: int

    def holds(self, hours: np.ndarray) -> np.ndarray:
        """Which of the hours of a day lie in it."""
        return (hours - self.start) % 24 < self.length

    def __str__(self) -> str:
        return f"{self.start:02d}:00-{(self.start + self.length) % 24:02d}:00"


def schedules(given: Known) -> Iterator[Found]:
    """Office hours and nightly batches of resources; to dev-like ones the suggestion to stop outside of their hours."""
    places = _places(given)
    for place in places:
        by_hour = activity_by_hour(given, place)
        if by_hour is not None:
            yield from _from_hours(given, place, by_hour)
            continue
        for by_day in activities_by_day(given, place):
            found = _from_days(given, place, by_day)
            if found:
                yield found
                break


def _places(given: Known) -> list[Place]:
    """Resources of the last weeks, by spend, the largest only."""
    first = given.as_of - pd.Timedelta(days=given.config["schedule"]["days"] - 1)
    lines = given.recent.frame
    lines = lines[(lines.usage_date >= first) & (lines.resource_id != "")]
    spent = lines.groupby(RESOURCE_KEYS).cost.sum()
    rules = given.config["series"]
    least = rules["least_monthly_cost"] * given.config["schedule"]["days"] / 30.4375
    spent = spent[spent >= least]
    order = sorted(spent.index, key=lambda name: (-spent[name], name))[: rules["most"]]
    return [Place("resource", *name) for name in sorted(order)]


def activity_by_hour(given: Known, place: Place) -> Activity | None:
    """The most telling metric delivered by hour, else the hourly bill's used amount; None where neither has enough days."""
    rules = given.config["schedule"]
    window = off_hours.window(given)
    rows = off_hours.of_resource(given.hourly_metrics, place)
    for metric in _delivered(rows, rules):
        values = _hours(rows[rows.metric == metric], "metric_value", "max", window, rules["time_zone"])
        if values.notna().sum() >= 24 * rules["least_days"] and values.max() > 0:
            return Activity("hourly_metrics", metric, values)
    lines = off_hours.of_resource(given.hourly_bill, place)
    if lines.hour.nunique() < 2:  # an export by days writes every line at midnight
        return None
    values = _hours(lines[lines.usage > 0], "usage", "sum", window, rules["time_zone"])
    if lines.usage_date.nunique() >= rules["least_days"] or len(lines) >= 24 * rules["least_days"]:
        return Activity("hourly_bill", "usage", values.fillna(0.0))
    return None


def _delivered(rows: pd.DataFrame, rules: Mapping[str, Any]) -> list[str]:
    """Metrics that mean work, most telling first, of which there are rows."""
    there = set(rows.metric.unique())
    return [metric for metric in rules["activity_metrics"] if metric in there]


def _hours(
    rows: pd.DataFrame, value: str, how: str, window: tuple[pd.Timestamp, pd.Timestamp], zone: str
) -> pd.Series:
    """Values by local hour of the whole window, NaN where there is none."""
    first, last = window
    every = pd.date_range(first, last + pd.Timedelta(hours=23), freq=HOURS, tz="UTC")
    moments = (rows.usage_date + pd.to_timedelta(rows.hour, unit="h")).dt.tz_localize("UTC")
    values = rows[value].groupby(moments).agg(how).reindex(every)
    return values.set_axis(every.tz_convert(zone))


def activities_by_day(given: Known, place: Place) -> Iterator[Activity]:
    """Metrics of whole days, most telling first, then the billed hours, then the used amount of one unit."""
    rules = given.config["schedule"]
    first, last = off_hours.window(given)
    days = pd.date_range(first, last)
    rows = off_hours.of_resource(given.metrics, place)
    for metric in _delivered(rows, rules):
        values = rows[rows.metric == metric].groupby("usage_date").metric_value.max().reindex(days)
        if values.notna().sum() >= 7 * rules["least_weeks"]:
            yield Activity("daily_metrics", metric, values)
    lines = off_hours.of_resource(given.recent, place)
    lines = lines[(lines.usage_date >= first) & (lines.unit != "") & lines.usage.notna()]
    if len(lines) and given.bill.usage_date.min() <= first:
        unit = lines.groupby("unit").cost.sum().sort_values(kind="stable").index[-1]
        used = lines[lines.unit == unit].groupby("usage_date").usage.sum().reindex(days).fillna(0.0)
        yield Activity("daily_bill", str(unit), used)


def _from_hours(given: Known, place: Place, did: Activity) -> Iterator[Found]:
    rules = given.config["schedule"]
    known = did.values.dropna()
    weekday = known.index.dayofweek.to_numpy() < 5
    hour = known.index.hour.to_numpy()
    values = known.to_numpy()
    working = _profile(values[weekday], hour[weekday])
    office = best_block(working, *rules["office_hours"])
    on = office.holds(hour) & weekday
    if _clear(values, on, rules) and _is_off(values[~weekday], values[on], rules):
        advice = off_hours.by_hour(given, place, on, known.index)
        yield _found(given, place, "office_hours", did, on, office, advice)
        return
    batch = best_block(_profile(values, hour), *rules["batch_hours"])
    on = batch.holds(hour)
    every_day = (not weekday.all()) and values[on & ~weekday].mean() >= 0.5 * values[on & weekday].mean()
    if _clear(values, on, rules) and every_day and _at_night(batch, rules):
        yield _found(given, place, "nightly_batch", did, on, batch, None)


def _profile(values: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Mean of each hour of a day."""
    return pd.Series(values).groupby(hours).mean().reindex(range(24)).fillna(0.0).to_numpy()


def best_block(profile: np.ndarray, shortest: int, longest: int) -> Block:
    """The hours in a row that split a day's 24 means best into a high and a low part (most variance between the two)."""
    best, chosen = -1.0, Block(0, shortest)
    for length in range(shortest, longest + 1):
        for start in range(24):
            inside = Block(start, length).holds(np.arange(24))
            gap = profile[inside].mean() - profile[~inside].mean()
            between = gap * abs(gap) * length * (24 - length)
            if between > best + 1e-12:
                best, chosen = between, Block(start, length)
    return chosen


def _clear(values: np.ndarray, on: np.ndarray, rules: Mapping[str, Any]) -> bool:
    if on.all() or not on.any() or values[on].mean() <= 0:
        return False
    contrast = 1 - values[~on].mean() / values[on].mean()
    return bool(contrast >= rules["contrast"] and strength(values, on) >= rules["strength"])


def _is_off(weekend: np.ndarray, on: np.ndarray, rules: Mapping[str, Any]) -> bool:
    return len(weekend) > 0 and weekend.mean() <= (1 - rules["contrast"]) * on.mean()


def _at_night(block: Block, rules: Mapping[str, Any]) -> bool:
    evening, morning = rules["night"]
    middle = (block.start + block.length / 2) % 24
    return bool(middle >= evening or middle < morning)


def _found(
    given: Known,
    place: Place,
    pattern: str,
    did: Activity,
    on: np.ndarray,
    block: Block,
    advice: Any,
) -> Found:
    known = did.values.dropna()
    values = known.to_numpy()
    contrast = 1 - values[~on].mean() / values[on].mean()
    zone = given.config["schedule"]["time_zone"]
    first, last = off_hours.window(given)
    details = {
        "basis": did.basis,
        "measure": did.measure,
        "hours": str(block),
        "time_zone": zone,
        "contrast": contrast,
        "hours_seen": len(values),
        "profile": [round(float(one), 4) for one in _profile(values, known.index.hour.to_numpy())],
    }
    said = {
        "place": place.resource_id,
        "hours": str(block),
        "zone": zone,
        "contrast": Percent(contrast),
        "basis": f"@basis_of_{did.basis}",
        "measure": did.measure,
    }
    return Found(place, pattern, strength(values, on), first, last, details, (pattern, said), advice)


def _from_days(given: Known, place: Place, did: Activity) -> Found | None:
    rules = given.config["schedule"]
    known = did.values.dropna()
    weekend = known.index.dayofweek.to_numpy() >= 5
    values = known.to_numpy()
    if weekend.sum() < 2 * rules["least_weeks"] or not values[~weekend].mean() > 0:
        return None
    level = float(values[weekend].mean() / values[~weekend].mean())
    told = strength(values, weekend)
    quiet = level <= rules["weekend_off" if did.basis == "daily_bill" else "weekend_quiet"]
    if not quiet or told < rules["strength"] or (values[~weekend] > 0).mean() < 0.8:
        return None
    advice = off_hours.by_day(given, place) if did.basis == "daily_metrics" else None
    details: dict[str, Any] = {
        "basis": did.basis,
        "measure": did.measure,
        "weekend_to_weekday": level,
        "days_seen": len(values),
    }
    if did.basis == "daily_bill":
        details["median_per_weekday"] = float(np.median(values[~weekend]))
    said = {
        "place": place.resource_id,
        "level": Percent(level),
        "basis": f"@basis_of_{did.basis}",
        "measure": did.measure,
    }
    first, last = off_hours.window(given)
    return Found(place, "office_hours", told, first, last, details, ("weekdays_only", said), advice)
