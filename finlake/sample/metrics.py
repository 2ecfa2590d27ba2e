"""What CloudWatch would say of the sample's workloads: points of the last days of the bill, and the truth about them. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from pydantic import Field

from finlake.sample import chance
from finlake.sample.facts import Fact, Organisation, Workload, read
from finlake.sample.lines import resource_id
from finlake.sample.plan import Edition, Slot
from finlake.sample.usage import quantity, runs

DAY = timedelta(days=1)
DELIVERED_AFTER = DAY + timedelta(minutes=5, seconds=12)
LATE_BY = 2 * DAY
PERCENT = 100.0


class MetricFact(Fact):
    """A metric: its usual level (`gauge`) or sum of a day (`total`), and what it is where nothing happens."""

    name: str
    unit: str
    idle: float
    gauge: float | None = None
    total: float | None = None
    samples: int = 1440
    silent: bool = False
    p99: bool = False
    fixed: dict[str, str] = Field(default_factory=dict)


class Kind(Fact):
    """What reports together: namespace, dimensions by name, metrics."""

    namespace: str
    dimensions: dict[str, str]
    metrics: list[MetricFact]
    region: str | None = None


class Place(Fact):
    """An account in a region."""

    account: str
    region: str


class MetricFacts(Fact):
    """All of metrics.yml; what each key plants is said there."""

    stream: str
    days: int
    hourly_days: int
    formats: dict[str, Literal["json", "otel"]]
    not_enabled: list[Place]
    silent: list[str]
    idle: list[str]
    quiet: dict[str, list[int]]
    detached: list[str]
    hourly: list[str]
    late: dict[str, int]
    repeated: dict[str, int]
    agent: list[str]
    otel_units: dict[str, str]
    uses: dict[str, str]
    kinds: dict[str, Kind]


@dataclass(frozen=True)
class Point:
    """One data point of [at, at + hours) and the instants at which the stream delivers it (twice where repeated)."""

    workload: Workload
    region: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    at: datetime
    hours: int
    minimum: float
    maximum: float
    total: float
    samples: int
    p99: float | None
    delivered_at: tuple[datetime, ...]


@cache
def load() -> MetricFacts:
    """Read and check metrics.yml."""
    return MetricFacts.model_validate(read("metrics.yml"))


def points_of(org: Organisation, payer: str, newest: list[Edition], days: int) -> Iterator[Point]:
    """The points of a payer's accounts on the last `days` billed days; `newest`: the last edition of each month."""
    facts = load()
    mine = [each for each in newest if each.payer == payer]
    last = max(each.until for each in mine)
    for workload in org.workloads:
        if org.accounts[workload.account].payer == payer and _reports(facts, workload):
            for kind in _kinds(facts, workload):
                for edition in mine:
                    for slot in _days(workload, org, edition, last - days * DAY):
                        yield from _points(facts, org, workload, kind, edition, slot, last)


def resources(org: Organisation, newest: list[Edition], points: list[Point]) -> list[dict[str, Any]]:
    """Truth: each resource that could have metrics, whether it has, why not, and what was planted."""
    facts = load()
    seen: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        seen[point.workload.id].append(point)
    seed = newest[0].seed
    payers = {each.payer for each in newest}
    return [
        {
            "account_id": each.account,
            "region": each.region,
            "product_code": each.use.split("/")[0],
            "resource_id": resource_id(org.item(each.use), each, seed),
            "namespaces": sorted({point.namespace for point in seen[each.id]}),
            "has_metrics": bool(seen[each.id]),
            "why_none": None if seen[each.id] else _why_none(facts, each),
            "is_idle": each.id in (*facts.idle, *facts.detached),
            "is_new": each.start == 0,
            "first_day": min((f"{p.at:%Y-%m-%d}" for p in seen[each.id]), default=None),
            "last_day": max((f"{p.at:%Y-%m-%d}" for p in seen[each.id]), default=None),
            "days": len({p.at.date() for p in seen[each.id]}),
        }
        for each in org.workloads
        if each.use in facts.uses and org.accounts[each.account].payer in payers and runs(each, 0)
    ]


def _why_none(facts: MetricFacts, workload: Workload) -> str:
    if _is_off(facts, workload):
        return "no stream in the account and region"
    if workload.id in facts.silent:
        return "nothing of this resource was delivered"
    return "AWS sends nothing while nothing happens"


def _reports(facts: MetricFacts, workload: Workload) -> bool:
    gone = workload.id in (*facts.silent, *facts.detached)
    return workload.use in facts.uses and not gone and not _is_off(facts, workload)


def _is_off(facts: MetricFacts, workload: Workload) -> bool:
    return any((off.account, off.region) == (workload.account, workload.region) for off in facts.not_enabled)


def _kinds(facts: MetricFacts, workload: Workload) -> list[Kind]:
    names = [facts.uses[workload.use], *(["agent"] if workload.id in facts.agent else [])]
    return [facts.kinds[name] for name in names]


def _days(workload: Workload, org: Organisation, edition: Edition, first: datetime) -> Iterator[Slot]:
    """The edition's days from `first` on, on which the workload runs."""
    item = org.item(workload.use)
    for slot in edition.slots(by_hour=False):
        if slot.start >= first and runs(workload, edition.offset) and quantity(workload, item, slot, edition):
            yield slot


def _points(
    facts: MetricFacts,
    org: Organisation,
    workload: Workload,
    kind: Kind,
    edition: Edition,
    day: Slot,
    last: datetime,
) -> Iterator[Point]:
    by_hour = workload.id in facts.hourly and day.start >= last - facts.hourly_days * DAY
    idle = workload.id in facts.idle or day.start.weekday() in facts.quiet.get(workload.id, ())
    named = _dimensions(kind, str(resource_id(org.item(workload.use), workload, edition.seed)))
    for metric in kind.metrics:
        if idle and metric.silent:
            continue
        dimensions = tuple(sorted({**named, **metric.fixed}.items()))
        for at in [day.start + timedelta(hours=n) for n in range(24)] if by_hour else [day.start]:
            hours = 1 if by_hour else 24
            values = _values(
                metric, idle, hours, f"{edition.seed}|{workload.id}|{metric.name}|{at.isoformat()}"
            )
            yield Point(
                workload, kind.region or workload.region, kind.namespace, metric.name, dimensions, metric.unit,
                at, hours, *values, delivered_at=_delivered(facts, workload, day.start),
            )  # fmt: skip


def _values(
    metric: MetricFact, idle: bool, hours: int, name: str
) -> tuple[float, float, float, int, float | None]:
    """Minimum, maximum, sum, samples and p99 of one point."""
    noise = 0.9 + float(chance.share(name)) / 5
    samples = max(1, metric.samples * hours // 24)
    if metric.total is not None:
        total = round((metric.idle if idle else metric.total * noise) * hours / 24)
        each = total / samples
        return float(round(each / 2)), float(round(each * 3)), float(total), samples, None
    level = round((metric.idle if idle else float(metric.gauge or 0)) * noise, 3)
    if samples == 1:
        return level, level, level, 1, None
    highest = round(level * 1.9, 3) if metric.unit != "Percent" else min(PERCENT, round(level * 1.9, 3))
    return round(level / 2, 3), highest, round(level * samples, 3), samples, highest if metric.p99 else None


def _dimensions(kind: Kind, billed: str) -> dict[str, str]:
    tail = billed.split(":", 5)[-1] if billed.startswith("arn:") else billed
    names = {"id": re.split("[/:]", tail)[-1], "path": re.split("[/:]", tail, maxsplit=1)[-1]}
    return {name: value.format(**names) for name, value in kind.dimensions.items()}


def _delivered(facts: MetricFacts, workload: Workload, day: datetime) -> tuple[datetime, ...]:
    at = day + DELIVERED_AFTER
    if day.toordinal() % facts.late.get(workload.id, 1 << 30) == 0:
        return (at + LATE_BY,)
    again = day.toordinal() % facts.repeated.get(workload.id, 1 << 30) == 0
    return (at, at + DAY) if again else (at,)
