"""Random small bills as AWS delivers them, what must come of them, and what of a lake is compared."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.e2e.whole_run import published
from tests.pipeline import tiny
from tests.pipeline.ingesting import SILVER, multiset, silver

TWELVE = Decimal("1e-12")
MONTHS = tuple(f"2026-{month:02d}" for month in range(1, 9))
MARTS = (
    "cost_daily",
    "cost_monthly",
    "cost_by_resource_daily",
    "usage_daily",
    "restatements",
    "reconciliation",
    "tag_coverage",
    "dim_resource",
)
WHEN = ("ingested_at", "decided_at")
"""Columns that say when finlake did something."""
ORDER = (*WHEN, "sequence")
"""Those, and the number in the order of arrival."""


@dataclass(frozen=True)
class Delivery:
    """One version of a month in one layout: `csv` (legacy CUR, create-new) or `cur2` (Parquet). `number`: order in AWS's time."""

    layout: str
    period: str
    number: int
    lines: tuple[tuple[tuple[str, str], ...], ...]
    files: int = 1
    types: tuple[tuple[str, str], ...] = ()

    @property
    def month(self) -> tuple[str, str]:
        """(source format, billing period)."""
        return ("cur1" if self.layout == "csv" else "cur2", self.period)

    def write(self, root: Path) -> list[Path]:
        """Into a bucket: data files, then the manifests. Returns the data files."""
        lines, at = [dict(said) for said in self.lines], int(self.period[-2:]) + 1
        if self.layout == "csv":
            following = f"{self.period[:4]}{at:02d}01"
            version = f"{self.period.replace('-', '')}{self.number:02d}T{self.number:02d}0000Z"
            span = f"{self.period.replace('-', '')}01-{following}"
            manifest = tiny.cur1_csv(root, lines, version, files=self.files, period=span)
            return sorted((root / manifest).parent.glob("*.csv.gz"))
        execution = f"{self.period}-{self.number:02d}T05-12-11.000Z-x{self.number}"
        manifest = tiny.cur2_parquet(root, lines, execution, period=self.period)
        folder = root / str(Path(manifest).parent).replace("/metadata/", "/data/")
        (file,) = folder.glob("*.parquet")
        if self.types:
            said = {name: pa.type_for_alias(kind) for name, kind in self.types}
            file.write_bytes(tiny.parquet_bytes(lines, said))
        return [file]

    def costs(self) -> list[Decimal]:
        """Unblended costs as silver must hold them, sorted."""
        return sorted(Decimal(dict(said)["lineItem/UnblendedCost"]).quantize(TWELVE) for said in self.lines)


def delivery(chance: random.Random, layout: str, period: str, number: int, files: int = 1) -> Delivery:
    """A version of a month with 1 to 12 lines: usage, tax, credits and refunds, some tagged."""
    lines = [_line(chance, period) for _ in range(chance.randint(max(1, files), 12))]
    return Delivery(layout, period, number, tuple(lines), files)


def restated(chance: random.Random, before: Delivery, number: int) -> Delivery:
    """The month again: lines of days 1 to 14 changed, and after its close some credits and refunds."""
    lines = []
    for said in before.lines:
        line, day = dict(said), int(dict(said)["lineItem/UsageStartDate"][8:10])
        if day <= 14 and chance.random() < 0.7:
            line["lineItem/UnblendedCost"] = _cost(chance)
        lines.append(tuple(sorted(line.items())))
    for _ in range(chance.randint(0, 3)):
        lines.append(_line(chance, before.period, chance.choice(("Credit", "Refund"))))
    return replace(before, number=number, lines=tuple(lines))


def _line(chance: random.Random, period: str, kind: str = "") -> tuple[tuple[str, str], ...]:
    day = f"{period}-{chance.randint(1, 28):02d}"
    kind = kind or chance.choice(("Usage", "Usage", "Usage", "Tax", "Credit", "Refund"))
    cost = _cost(chance)
    cells = {
        "period": f"{period}-01T00:00:00.000Z",
        "start": f"{day}T05:00:00.000Z",
        "lineItem/UsageEndDate": f"{day}T06:00:00.000Z",
        "product": chance.choice(("AmazonEC2", "AmazonS3", "AWSLambda", "AmazonUnheardOf")),
        "lineItem/ResourceId": chance.choice(("", "i-0123456789abcdef0", "bucket-of-mine")),
        "account": chance.choice(("012345000045", "012345000046")),
    }
    line = tiny.line(cost if kind not in ("Credit", "Refund") else f"-{cost}", kind, **cells)
    return tuple(sorted(line.items()))


def _cost(chance: random.Random) -> str:
    """Up to ten decimals, and such that a DOUBLE holds the same shortest text."""
    return format(Decimal(chance.randint(1, 10**10)) / Decimal(10 ** chance.randint(2, 10)), "f")


@dataclass
class Bucket:
    """A source and all that was delivered to it."""

    root: Path
    delivered: list[Delivery] = field(default_factory=list)

    def deliver(self, new: Delivery) -> list[Path]:
        self.delivered.append(new)
        return new.write(self.root)

    def newest(self) -> dict[tuple[str, str], Delivery]:
        """What each month shows: the newest version in AWS's time."""
        ordered = sorted(self.delivered, key=lambda d: d.number)
        return {d.month: d for d in ordered}


def random_bucket(chance: random.Random, root: Path) -> Bucket:
    """Two or three months in one or both layouts, some of them with a second version."""
    bucket = Bucket(root)
    for period in chance.sample(MONTHS, chance.randint(1, 2)):
        for layout in chance.sample(("csv", "cur2"), chance.randint(1, 2)):
            first = delivery(chance, layout, period, 1, chance.randint(1, 2) if layout == "csv" else 1)
            bucket.deliver(first)
            if chance.random() < 0.6:
                bucket.deliver(restated(chance, first, 2))
    return bucket


def shown(lake: Path) -> dict[tuple[str, str], list[Decimal]]:
    """(source format, billing period) -> unblended costs of the lines that silver shows, sorted."""
    found: dict[tuple[str, str], list[Decimal]] = {}
    for row in silver(lake, "billing_line_items").to_pylist():
        found.setdefault((row["source_format"], row["billing_period"]), []).append(row["unblended_cost"])
    return {month: sorted(costs) for month, costs in found.items()}


def assert_shows_newest(lake: Path, bucket: Bucket) -> None:
    """Every line of each month's newest version, once, and no other: the truth that finlake had no part in."""
    assert shown(lake) == {month: newest.costs() for month, newest in bucket.newest().items()}


def tables(lake: Path, without: Iterable[str] = WHEN) -> dict[str, Counter[str]]:
    """Silver's tables as multisets of rows."""
    return {table: multiset(silver(lake, table), without) for table in SILVER}


def marts(lake: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What readers see."""
    return {name: published(lake, f"select * from {name} order by all") for name in MARTS}


def assert_same(found: dict[str, Any], clean: dict[str, Any]) -> None:
    """Table by table what one clean run gives."""
    for name, rows in clean.items():
        assert found[name] == rows, f"{name} differs from one clean run: {_difference(found[name], rows)}"


def _difference(found: Any, wanted: Any) -> str:
    first, second = Counter(map(repr, _rows(found))), Counter(map(repr, _rows(wanted)))
    return f"too much {list((first - second).items())[:3]}, missing {list((second - first).items())[:3]}"


def _rows(said: Any) -> list[Any]:
    return list(said.elements()) if isinstance(said, Counter) else list(said)
