"""Suggestion `right_size`: an instance whose delivered CPU (and memory, where delivered) peaks stay low for four weeks.

The rule is that of AWS's right-sizing guide: maximum CPU and memory usage under 40 % over four weeks
(https://docs.aws.amazon.com/whitepapers/latest/cost-optimization-right-sizing/tips-for-right-sizing-your-workloads.html). One
size down at most doubles the load, which leaves Compute Optimizer's default headroom of 20 %
(https://docs.aws.amazon.com/compute-optimizer/latest/ug/rightsizing-preferences.html). Nothing is said of an instance without
delivered CPU. Memory that was not delivered is named as such: EC2 delivers none without the CloudWatch agent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ml.patterns.inputs import Known, strength
from ml.patterns.off_hours import DAYS_PER_MONTH, of_resource
from ml.patterns.prices import coverage_basis, hour_lines, on_demand_price, smaller
from ml.patterns.rows import Found, Percent, Place, Suggestion
from ml.patterns.seasons import WEEKDAYS


def right_sizes(given: Known) -> Iterator[Found]:
    """The weekly grid of peaks of each instance that could be a size smaller, with the suggestion. Nothing without metrics."""
    if given.metrics is None:
        return
    rules = given.config["suggestions"]["right_size"]
    first = given.as_of - pd.Timedelta(days=rules["days"] - 1)
    lines = given.recent.frame
    lines = lines[
        (lines.usage_date >= first) & lines.service.isin(rules["services"]) & (lines.resource_id != "")
    ]
    usage_types = given.config["suggestions"]["off_hours_stop"]["hour_usage_types"]
    billed = hour_lines(lines, usage_types)
    keys = ["currency", "account_id", "service", "region", "resource_id"]
    for name, part in billed.groupby(keys):
        place = Place("resource", *name)
        peaks = _peaks(given, place, first)
        if peaks:
            yield _found(given, place, part, peaks, first)


def _peaks(given: Known, place: Place, first: pd.Timestamp) -> dict[str, pd.Series] | None:
    """Daily peaks of CPU and of memory (where delivered), when all of them are low; None otherwise."""
    rules = given.config["suggestions"]["right_size"]
    rows = of_resource(given.metrics, place)
    rows = rows[rows.usage_date >= first]
    peaks = {}
    for metric in ("cpu", "memory"):
        values = rows[rows.metric == metric].groupby("usage_date").peak.max().dropna()
        if values.empty and metric == "memory":
            continue
        if len(values) < rules["least_share_of_days"] * rules["days"]:
            return None
        if values.quantile(rules["percentile"]) > rules[metric]:
            return None
        peaks[metric] = values
    return peaks


def _found(
    given: Known, place: Place, billed: pd.DataFrame, peaks: dict[str, pd.Series], first: pd.Timestamp
) -> Found:
    rules = given.config["suggestions"]["right_size"]
    cpu = peaks["cpu"]
    high = {name: float(values.quantile(rules["percentile"])) for name, values in peaks.items()}
    profile = cpu.groupby(cpu.index.dayofweek).mean()
    details = {
        "measure": "cpu",
        "profile": {WEEKDAYS[int(day)]: float(value) for day, value in profile.items()},
        "days_seen": len(cpu),
    }
    told = strength(cpu.to_numpy(), cpu.index.dayofweek.to_numpy())
    said = {"place": place.resource_id, "cpu": high["cpu"], "days": len(cpu)}
    advice = _advice(given, place, billed, high, first)
    return Found(
        place, "weekly_grid", told, first, given.as_of, details, ("low_use", said), advice, about="cpu"
    )


def _advice(
    given: Known, place: Place, billed: pd.DataFrame, high: dict[str, float], first: pd.Timestamp
) -> Suggestion:
    usage_type = str(billed.groupby("usage_type").usage.sum().sort_values(kind="stable").index[-1])
    lower = smaller(usage_type)
    rules = given.config["suggestions"]["right_size"]
    basis = coverage_basis(given, place, first)
    saving = None
    prices: dict[str, float | None] = {
        "now": on_demand_price(given, place, usage_type, first),
        "smaller": on_demand_price(given, place, lower, first) if lower else None,
    }
    if basis is None:
        saving = _saving(billed[billed.usage_type == usage_type], prices, rules["days"], given.as_of)
        basis = "smaller_size_price" if saving else "smaller_size_not_billed"
    evidence: dict[str, Any] = {
        "source": "daily_metrics",
        "cpu_peak": high["cpu"],
        "memory_peak": high.get("memory"),
        "memory_reason": None if "memory" in high else "not_delivered",
        "percentile": rules["percentile"],
        "limit": {name: rules[name] for name in ("cpu", "memory")},
        "usage_type": usage_type,
        "smaller_usage_type": lower,
        "price_per_hour": prices["now"],
        "smaller_price_per_hour": prices["smaller"],
        "days": rules["days"],
        "first_day": first,
        "last_day": given.as_of,
    }
    word = "right_size" if "memory" in high else "right_size_cpu_only"
    values = {"memory": Percent(high.get("memory", 0.0) / 100), "limit": Percent(rules["cpu"] / 100)}
    return Suggestion("right_size", basis, evidence, (word, values), saving)


def _saving(
    billed: pd.DataFrame, prices: dict[str, float | None], days: int, last: pd.Timestamp
) -> tuple[float, float, float] | None:
    """Difference of the two prices × billed hours a month: of the whole window, and of its weeks with fewest and most hours."""
    now, less = prices["now"], prices["smaller"]
    if now is None or less is None or less >= now:
        return None
    daily = billed.groupby("usage_date").usage.sum()
    daily = daily.reindex(pd.date_range(last - pd.Timedelta(days=days - 1), last)).fillna(0.0)
    weeks = daily.groupby(np.arange(len(daily)) // 7).sum() / 7
    rate = (now - less) * DAYS_PER_MONTH
    return float(daily.mean() * rate), float(weeks.min() * rate), float(weeks.max() * rate)
