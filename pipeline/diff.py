"""What changed between two deliveries of a month, for the exports whose figures count. Only reads; takes no lock."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from finlake.contracts import arrow_schema, load_contract
from finlake.engines.factory import open_engine
from finlake.engines.protocol import Engine, Job, Relation
from finlake.errors import FinlakeError, NotFound, UsageError
from finlake.lake import Lake, open_lake
from finlake.ledger import Authority, DeliveryRecord
from finlake.settings import Settings
from finlake.tables import table_files
from pipeline.ingest import facts_of
from pipeline.silver import COSTS, SilverWriter, in_time
from pipeline.status import read_ledger
from spark_jobs.silver import delivery_diff
from spark_jobs.silver.delivery_diff import CLASSES, COUNTS, MEASURES

BY = {"account": "account_id", "service": "product_code", "category": "charge_category", "day": "usage_date"}
_PARTS = (*CLASSES, "total")
_NO_MARKS = pa.schema(
    [
        ("line", pa.string()),
        ("attributes", pa.string()),
        ("cost", pa.decimal128(28, 12)),
        ("usage_date", pa.date32()),
    ]
)
_SHOWN = ("delivery_id", "delivered_at", "dated", "ingested_at", "line_count", "manifest")


@dataclass(frozen=True)
class Wanted:
    """Which change is asked for. `older` and `newer` are delivery ids or their beginnings; None: the last two."""

    period: str
    payer: str | None = None
    export: str | None = None
    older: str | None = None
    newer: str | None = None
    by: Sequence[str] = ("account", "service")
    lines: bool = False


def changes(settings: Settings, wanted: Wanted) -> dict[str, Any]:
    """The change of each export asked for: {billing_period, by, changes: [...]}; money as Decimal with its currency.

    Raises NotFound where there are no two deliveries to compare, UsageError for ids that don't fit.
    """
    lake = open_lake(settings.lake)
    records, _, authority = read_ledger(lake)
    pairs = pairs_of(records, authority, wanted)
    with closing(open_engine(settings.engine or lake.engine, lake.root, settings.spark_remote)) as engine:
        writer = SilverWriter(lake, engine, facts_of(settings))
        found = [_change(lake, engine, writer, older, newer, wanted) for older, newer in pairs]
    return {"billing_period": wanted.period, "by": list(wanted.by), "changes": found}


def pairs_of(
    records: Sequence[DeliveryRecord], authority: Sequence[Authority], wanted: Wanted
) -> list[tuple[DeliveryRecord, DeliveryRecord]]:
    """(older, newer) of each export of the month that is asked for, or whose figures count."""
    stored = [r for r in records if r.state == "stored" and r.billing_period == wanted.period]
    if wanted.payer:
        stored = [r for r in stored if wanted.payer in r.payers or not r.line_count]
    if wanted.export:
        stored = [r for r in stored if r.export_id == wanted.export]
    if wanted.older or wanted.newer:
        return [_named_pair(stored, wanted)]
    counting = {a.export_id for a in authority if a.billing_period == wanted.period}
    if wanted.payer:
        chosen = [a for a in authority if (a.payer_id, a.billing_period) == (wanted.payer, wanted.period)]
        counting = {a.export_id for a in chosen}
    exports = sorted({r.export_id for r in stored})
    if not wanted.export and counting:
        exports = [export for export in exports if export in counting]
    of_each = [in_time([r for r in stored if r.export_id == export]) for export in exports]
    pairs = [(group[-2], group[-1]) for group in of_each if len(group) > 1]
    if not pairs:
        raise _nothing_to_compare(stored, wanted)
    return pairs


def _named_pair(stored: list[DeliveryRecord], wanted: Wanted) -> tuple[DeliveryRecord, DeliveryRecord]:
    """The deliveries named; where one is left out: the one just before the newer, the last after the older."""
    older = _named(stored, wanted.older) if wanted.older else None
    newer = _named(stored, wanted.newer) if wanted.newer else None
    export = (newer or older or stored[0]).export_id  # one of them is named
    group = in_time([r for r in stored if r.export_id == export])
    if older is None and newer in group[1:]:
        older = group[group.index(newer) - 1]
    if newer is None and older is not None and group[-1] is not older:
        newer = group[-1]
    if older is None or newer is None:
        raise _nothing_to_compare(group, wanted)
    if older.export_id != newer.export_id:
        raise UsageError.of("diff_two_exports", where=f"{older.export_id}, {newer.export_id}")
    return older, newer


def _named(stored: list[DeliveryRecord], name: str) -> DeliveryRecord:
    found = [r for r in stored if r.delivery_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(r.delivery_id for r in found or stored)
    if found:
        raise UsageError.of("diff_id_ambiguous", where=ids, count=len(found), id=name)
    raise NotFound.of("diff_id_unknown", where=ids, id=name)


def _nothing_to_compare(stored: Sequence[DeliveryRecord], wanted: Wanted) -> FinlakeError:
    known = {f"{', '.join(r.payers)} {r.export_id} {r.delivery_id}" for r in stored}
    return NotFound.of("diff_nothing_to_compare", where="; ".join(sorted(known)), month=wanted.period)


def _change(
    lake: Lake,
    engine: Engine,
    writer: SilverWriter,
    older: DeliveryRecord,
    newer: DeliveryRecord,
    wanted: Wanted,
) -> dict[str, Any]:
    before, after = (_costs(lake, engine, record, wanted) for record in (older, newer))
    (covered,) = _rows(engine, delivery_diff.last_usage_day, before)[0].values()
    keys = ["payer_id", "currency", *(BY[name] for name in wanted.by)]
    rows = _rows(
        engine, lambda old, new, F: delivery_diff.money_changes(old, new, covered, keys, F), before, after
    )
    return {
        "export_id": newer.export_id,
        "from": {name: getattr(older, name) for name in _SHOWN},
        "to": {name: getattr(newer, name) for name in _SHOWN},
        "earlier_days_until": covered,
        "totals": _totals(rows),
        "groups": _groups(rows, keys),
        "rows": _line_counts(engine, writer, older, newer, covered, wanted) if wanted.lines else None,
    }


def _costs(lake: Lake, engine: Engine, record: DeliveryRecord, wanted: Wanted) -> Relation:
    """A delivery's silver.delivery_costs; empty for a delivery without lines. Raises NotFound."""
    keys = {n: getattr(record, n) for n in ("export_id", "billing_period", "delivery_id")}
    files = table_files(lake, "silver", COSTS, keys)
    if record.line_count and not files:
        place = f"{record.billing_period} {record.export_id}"
        raise NotFound.of("diff_costs_missing", where=place, delivery=record.delivery_id)
    empty = arrow_schema(load_contract("silver", COSTS)).empty_table()
    return _of_payer(engine, engine.stored(files, keys) if files else engine.rows(empty), wanted)


def _of_payer(engine: Engine, rows: Relation, wanted: Wanted) -> Relation:
    if not wanted.payer:
        return rows
    return engine.apply(lambda frame, F: frame.where(F.col("payer_id") == F.lit(wanted.payer)), rows)


def _rows(engine: Engine, job: Job, *relations: Relation) -> list[dict[str, Any]]:
    return list(engine.fetch(engine.apply(job, *relations)).to_pylist())


def _totals(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per payer and currency: for each cost what changed, by class and in total; None where the export lacks the cost."""
    totals: dict[tuple[str, str], dict[str, dict[str, Decimal | None]]] = {}
    for row in rows:
        none: dict[str, dict[str, Decimal | None]] = {m: dict.fromkeys(_PARTS, Decimal(0)) for m in MEASURES}
        sums = totals.setdefault((row["payer_id"], row["currency"]), none)
        for measure in MEASURES:
            for part in _PARTS:
                change = row[f"{measure}__{part}"]
                sums[measure][part] = None if change is None else (sums[measure][part] or 0) + change
    return [
        {"payer_id": payer, "currency": currency} | sums for (payer, currency), sums in sorted(totals.items())
    ]


def _groups(rows: list[dict[str, Any]], keys: Sequence[str]) -> list[dict[str, Any]]:
    """Groups with a change, the biggest in billed cost first; unblended parts stand in the group itself."""
    groups = []
    for row in rows:
        costs = {m: {part: row[f"{m}__{part}"] for part in _PARTS} for m in MEASURES}
        if any(value for parts in costs.values() for value in parts.values()):
            other = {m: parts for m, parts in costs.items() if m != MEASURES[0]}
            groups.append({key: row[key] for key in keys} | costs[MEASURES[0]] | {"other_costs": other})
    return sorted(groups, key=lambda g: (-abs(billed(g)["total"]), *(str(g[key]) for key in keys)))


def billed(group: dict[str, Any]) -> dict[str, Any]:
    """The parts of a group's billed cost: unblended, or net unblended where the export delivers no gross cost."""
    return group if group["total"] is not None else dict(group["other_costs"]["net_unblended_cost"])


def _line_counts(
    engine: Engine,
    writer: SilverWriter,
    older: DeliveryRecord,
    newer: DeliveryRecord,
    covered: date | None,
    wanted: Wanted,
) -> dict[str, int]:
    """COUNTS of lines; a delivery without a line has none to count."""
    marks = []
    for record in (older, newer):
        if record.line_count:
            lines = _of_payer(engine, writer.lines_of(record), wanted)
            marks.append(engine.apply(delivery_diff.line_marks, lines))
        else:
            marks.append(engine.rows(_NO_MARKS.empty_table()))
    (counted,) = _rows(engine, lambda old, new, F: delivery_diff.line_counts(old, new, covered, F), *marks)
    return {name: counted[name] for name in COUNTS}
