"""Suggestion `off_hours_stop`: a dev-like instance that is billed around the clock and that nobody uses at night or on weekends.

Nothing is stopped by finlake: a row is a proposal. Rules for "unused" are AWS Compute Optimizer's for idle EC2 and RDS resources
(https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html); that stopped instances aren't billed by
the hour while their storage is: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html; schedules as in
https://docs.aws.amazon.com/solutions/latest/instance-scheduler-on-aws/solution-overview.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.patterns.inputs import ByResource, Known
from ml.patterns.prices import coverage_basis, hour_lines
from ml.patterns.rows import Percent, Place, Suggestion

DAYS_PER_MONTH = 30.4375


def window(given: Known) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of the whole weeks that schedules are looked for in."""
    days = given.config["schedule"]["days"]
    return given.as_of - pd.Timedelta(days=days - 1), given.as_of


def of_resource(given: ByResource | None, place: Place) -> pd.DataFrame:
    """Rows of the resource; an empty frame of the usual columns where nothing was delivered."""
    if given is None:
        names = ["usage_date", "metric", "metric_value", "peak", "total", "usage_type", "usage", "hour"]
        empty = pd.DataFrame({name: pd.Series(dtype="float64") for name in names})
        kinds = {"usage_date": "datetime64[ns]", "metric": "object", "usage_type": "object"}
        return empty.astype(kinds)
    return given.of(place.account_id, place.resource_id)


def is_dev_like(values: pd.Series, rules: Mapping[str, Any]) -> bool:
    """The newest value of the environment dimension has a word that means development or test."""
    told = [value for value in values if value]
    return bool(told) and bool(set(re.split(r"[^a-z0-9]+", told[-1].lower())) & set(rules["environments"]))


def by_hour(given: Known, place: Place, on: np.ndarray, hours: pd.DatetimeIndex) -> Suggestion | None:
    """From hourly metrics. `on` marks the working ones of `hours` (local). The saving's lower end counts the hours of the week
    that were unused in every week, its upper end all hours outside the block."""
    rules = given.config["suggestions"]["off_hours_stop"]
    unused = _unused_hours(given, place, hours, rules)
    if unused is None:
        return None
    off = ~on
    known = off & unused.notna().to_numpy()
    idle = unused.fillna(False).to_numpy(dtype=bool)
    share = float(idle[known].mean()) if known.any() else 0.0
    slot = hours.dayofweek.to_numpy() * 24 + hours.hour.to_numpy()
    always = pd.Series(idle[known]).groupby(slot[known]).all()
    slots = len(np.unique(slot[off]))
    weekly = (share * slots, float(always.sum()), float(slots))
    return _advice(given, place, share, weekly, "hourly_metrics", int(known.sum()))


def _unused_hours(
    given: Known, place: Place, hours: pd.DatetimeIndex, rules: Mapping[str, Any]
) -> pd.Series | None:
    rows = of_resource(given.hourly_metrics, place)
    moments = (rows.usage_date + pd.to_timedelta(rows.hour, unit="h")).dt.tz_localize("UTC")
    tests = []
    for metric, most in rules["unused"].items():
        chosen = (rows.metric == metric).to_numpy()
        if chosen.any():
            values = rows.peak[chosen].groupby(moments[chosen]).max()
            values = values.reindex(hours.tz_convert("UTC"))
            tests.append((values <= most).astype("object").where(values.notna().to_numpy(), None))
    return _all_known(tests, hours)


def _all_known(tests: list[pd.Series], index: pd.Index) -> pd.Series | None:
    """True where every test says so, missing where one was not delivered; None without any test."""
    if not tests:
        return None
    frame = pd.concat([one.set_axis(index) for one in tests], axis=1)
    both = frame.eq(True).all(axis=1).astype("boolean")
    return both.mask(frame.isna().any(axis=1))


def by_day(given: Known, place: Place) -> Suggestion | None:
    """From metrics of whole days: weekends only. The lower end is the week with the fewest unused weekend days."""
    rules = given.config["suggestions"]["off_hours_stop"]
    first, last = window(given)
    days = pd.date_range(first, last)
    rows = of_resource(given.metrics, place)
    tests = []
    for metric, most in rules["unused"].items():
        chosen = rows[rows.metric == metric]
        if len(chosen):
            values = chosen.groupby("usage_date").peak.max().reindex(days)
            tests.append((values <= most).astype("object").where(values.notna(), None))
    unused = _all_known(tests, days)
    if unused is None:
        return None
    weekend = unused[days.dayofweek >= 5]
    if weekend.isna().any() or unused[days.dayofweek < 5].fillna(False).mean() > 0.5:
        return None
    share = float(weekend.mean())
    weeks = weekend.astype(float).groupby((weekend.index - first).days // 7).sum()
    weekly = (48 * share, 24 * float(weeks.min()), 48.0)
    return _advice(given, place, share, weekly, "daily_metrics", len(weekend))


def _advice(
    given: Known,
    place: Place,
    share: float,
    weekly: tuple[float, float, float],
    source: str,
    seen: int,
) -> Suggestion | None:
    """The suggestion where the resource is dev-like, billed around the clock and unused; `weekly` are hours of a week to stop."""
    rules = given.config["suggestions"]["off_hours_stop"]
    first, last = window(given)
    lines = of_resource(given.recent, place)
    lines = lines[lines.usage_date >= first].sort_values("usage_date", kind="stable")
    billed = hour_lines(lines, rules["hour_usage_types"])
    days = (last - first).days + 1
    hours = float(billed.usage.sum())
    wanted = place.service in rules["services"] and is_dev_like(lines.env, rules)
    around = hours / days >= rules["least_hours_per_day"]
    if not (wanted and around and share >= rules["unused_share"]):
        return None
    basis = coverage_basis(given, place, first) or "billed_hours"
    price = float(billed.cost.sum()) / hours
    saving = None
    if basis == "billed_hours":
        rate = price * DAYS_PER_MONTH / 7
        saving = (weekly[0] * rate, weekly[1] * rate, weekly[2] * rate)
    evidence = {
        "source": source,
        "points_seen": seen,
        "unused_share": share,
        "off_hours_per_week": weekly[2],
        "billed_hours_per_day": hours / days,
        "cost_per_hour": price,
        "environment": [value for value in lines.env if value][-1],
        "first_day": first,
        "last_day": last,
    }
    values = {"share": Percent(share), "hours": float(weekly[2])}
    return Suggestion("off_hours_stop", basis, evidence, ("off_hours_stop", values), saving)
