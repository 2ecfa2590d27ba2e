"""How a lake is: what runs, what each delivery became, how fresh and final months are, what is published."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from finlake import objects
from finlake.bronze import bronze_deliveries
from finlake.engines.duckdb import connect
from finlake.lake import Lake
from finlake.ledger import Authority, DeliveryRecord, Refusal, SqliteLedger
from finlake.ledgers import bill_ledger_to_look
from finlake.report import REPORT
from finlake.running import Running, running
from finlake.tables import open_table
from finlake.warehouse import Builds, Warehouse
from pipeline.authority import restore
from pipeline.metrics_state import metrics_state
from pipeline.silver import LINES, by_period, current_of

RUNS = 20
_BRIEF = (
    *("delivery_id", "export_id", "source_format", "billing_period", "sequence", "delivered_at", "dated"),
    *("ingested_at", "line_count", "byte_count", "file_count", "manifest", "reason", "warnings"),
)


class StatusReader:
    """Looks at one lake as often as asked; silver is read again only when it has changed. Takes no lock."""

    def __init__(self, lake: Lake, builds: Builds | None = None) -> None:
        """`builds`: of the target whose marts are asked about; else the embedded one's."""
        self.lake, self.builds = lake, builds or Warehouse(lake)
        self._lines: tuple[int, list[dict[str, Any]]] | None = None

    def look(self) -> dict[str, Any]:
        """The JSON-ready state of the lake now; instants UTC, money decimal texts, each with its currency."""
        records, refusals, authority = read_ledger(self.lake)
        going_on = running(self.lake)
        sums = self._periods()
        deliveries = delivery_states(records, going_on, {row["delivery_id"] for row in sums})
        periods = [with_delivery(row, authority, records) for row in sums]
        return {
            "lake": self.lake.root,
            "lake_id": self.lake.lake_id,
            "running": asdict(going_on) if going_on else None,
            "periods": [row for row in periods if row["counts"]],
            "other_exports": [row for row in periods if not row["counts"]],
            "deliveries": deliveries,
            "refused": [_refused(refusal) for refusal in refusals],
            "metrics": metrics_state(self.lake),
            **published(self.builds),
            "runs": runs(self.lake.reports),
        }

    def _periods(self) -> list[dict[str, Any]]:
        table = open_table(self.lake, "silver", LINES)
        if table is None:
            return []
        if self._lines is None or self._lines[0] != table.version():
            self._lines = (table.version(), _sums(self.lake))
        return self._lines[1]


def delivery_states(
    records: list[DeliveryRecord], going_on: Running | None, shown: set[str]
) -> list[dict[str, Any]]:
    """Each delivery with its state: loaded, superseded, held, refused, loading or unfinished.

    `shown`: the deliveries whose lines silver has. One that bronze has and silver should show, but doesn't yet, isn't loaded.
    """
    current = {c.delivery_id for stored in by_period(records).values() if (c := current_of(stored))}
    underway = "loading" if going_on else "unfinished"

    def state(record: DeliveryRecord) -> str:
        if record.state != "stored":
            return underway if record.state == "claimed" else record.state
        if record.delivery_id not in current:
            return "superseded"
        return "loaded" if record.delivery_id in shown or not record.line_count else underway

    return [{"state": state(r)} | {name: getattr(r, name) for name in _BRIEF} for r in records]


def with_delivery(
    row: dict[str, Any], authority: list[Authority], records: list[DeliveryRecord]
) -> dict[str, Any]:
    """A month's row with the delivery that it shows, and whether its figures count for the payer."""
    shown = next((r for r in records if r.delivery_id == row["delivery_id"]), None)
    chosen = {(a.payer_id, a.billing_period): a.export_id for a in authority}
    decided = chosen.get((row["payer_id"], row["billing_period"]))
    same = [
        r for r in records if (r.export_id, r.billing_period) == (row["export_id"], row["billing_period"])
    ]
    return row | {
        "counts": decided in (None, row["export_id"]),
        "delivered_at": shown.delivered_at if shown else None,
        "dated": bool(shown and shown.dated),
        "ingested_at": shown.ingested_at if shown else None,
        "source_format": shown.source_format if shown else None,
        "deliveries": sum(r.state == "stored" for r in same),
    }


def published(warehouse: Builds) -> dict[str, Any]:
    """What readers see, and the builds that could be published."""
    pointer = warehouse.pointer()
    builds = [
        asdict(build) | {"published": bool(pointer and build.build_id == pointer.build_id)}
        for build in warehouse.builds()
    ]
    return {"published": asdict(pointer) if pointer else None, "builds": builds}


def runs(reports: str, count: int = RUNS) -> list[dict[str, Any]]:
    """The newest run reports, newest first: command, outcome, how many deliveries it refused, seconds and steps."""
    found = []
    names_there = (name for name in objects.names(reports) if REPORT.fullmatch(name))
    for file in sorted(names_there, reverse=True)[:count]:
        try:
            said = json.loads(objects.read(f"{reports}/{file}"))
        except (OSError, ValueError):
            continue
        names = ("run_id", "command", "started_at", "seconds", "outcome", "error", "warnings")
        steps = [{n: step.get(n) for n in ("name", "seconds", "rows", "outcome")} for step in said["steps"]]
        refused = len(said.get("details", {}).get("refused", []))
        found.append(
            {name: said.get(name) for name in names}
            | {"refused": refused, "steps": steps, "report": f"{reports}/{file}"}
        )
    return found


def read_ledger(lake: Lake) -> tuple[list[DeliveryRecord], list[Refusal], list[Authority]]:
    """What the ledger says; where this machine has none, what the Delta logs say."""
    if (there := bill_ledger_to_look(lake)) is not None:
        with closing(there) as ledger:
            return ledger.deliveries(), ledger.refusals(), ledger.authority()
    with closing(SqliteLedger(Path(":memory:"))) as ledger:
        ledger.restore(bronze_deliveries(lake))
        restore(lake, ledger)
        return ledger.deliveries(), [], ledger.authority()


def _sums(lake: Lake) -> list[dict[str, Any]]:
    """Per payer, month, currency and export of silver: lines, money, last usage day, finality."""
    query = f"""
        select payer_id, billing_period, currency, export_id, delivery_id, count(*) as line_count,
               cast(sum(unblended_cost) as varchar) as unblended_cost,
               cast(sum(net_unblended_cost) as varchar) as net_unblended_cost,
               cast(sum(amortized_cost) as varchar) as amortized_cost,
               max(usage_date) filter (charge_category = 'Usage') as last_usage_date,
               case when bool_and(is_final) then 'final' when bool_or(is_final) then 'partly'
                    when count(is_final) = 0 then 'unknown' else 'open' end as finality
        from delta_scan('{lake.table_uri("silver", LINES).replace("'", "''")}')
        group by all order by billing_period desc, payer_id, currency, export_id"""
    with connect(lake=lake.root) as con:
        answer = con.execute(query)
        names = [column[0] for column in answer.description or []]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _refused(refusal: Refusal) -> dict[str, Any]:
    return refusal.error | {
        "manifest": refusal.manifest,
        "billing_period": refusal.billing_period,
        "refused_at": refusal.refused_at,
    }
