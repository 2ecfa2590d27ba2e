"""Small control tables that the marts read: deliveries, their totals at source, and whose figures count. Made from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from finlake.contracts import arrow_schema, load_contract
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.ledger import DeliveryRecord, Ledger, instant_of
from finlake.tables import ensure_table, replace_table
from pipeline.ml_state import ensure_ml_tables
from pipeline.silver import by_period, in_time


def write_control_tables(lake: Lake, ledger: Ledger) -> None:
    """Bring silver.deliveries, silver.source_totals and silver.billing_authority to what the ledger says.

    Metrics may never be delivered, and models may never be asked: their tables are made empty then, since the marts read them.
    Instants are kept to the
    millisecond: Athena reads no more of a Delta table.
    """
    records = [r for r in ledger.deliveries() if r.state != "claimed"]
    ordered = [in_time(stored) for stored in by_period(records).values()]
    current = {group[-1].delivery_id for group in ordered}
    position = {r.delivery_id: place for group in ordered for place, r in enumerate(group, start=1)}
    _replace(lake, "deliveries", [_delivery(r, r.delivery_id in current, position) for r in records])
    _replace(lake, "source_totals", [row for r in records if r.state == "stored" for row in _totals(r)])
    _replace(
        lake,
        "billing_authority",
        [vars(a) | {"decided_at": _to_the_millisecond(a.decided_at)} for a in ledger.authority()],
    )
    ensure_table(lake, load_contract("silver", "resource_metrics"))
    ensure_ml_tables(lake)
    reach("after_control_tables")


def _replace(lake: Lake, table: str, rows: Iterable[dict[str, Any]]) -> None:
    contract = load_contract("silver", table)
    replace_table(lake, contract, pa.Table.from_pylist(list(rows), schema=arrow_schema(contract)))


def _delivery(record: DeliveryRecord, is_current: bool, position: dict[str, int]) -> dict[str, Any]:
    shown = "loaded" if is_current else "superseded"
    return record.as_dict() | {
        "state": shown if record.state == "stored" else record.state,
        "is_current": is_current,
        "position": position.get(record.delivery_id),
        "delivered_at": _to_the_millisecond(record.delivered_at),
        "ingested_at": _to_the_millisecond(record.ingested_at),
    }


def _to_the_millisecond(text: str | None) -> datetime | None:
    instant = instant_of(text)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000) if instant else None


def _totals(record: DeliveryRecord) -> list[dict[str, Any]]:
    keys = {
        "delivery_id": record.delivery_id,
        "export_id": record.export_id,
        "billing_period": record.billing_period,
    }
    return [
        keys | {name: Decimal(v) if v and name.endswith("_cost") else v for name, v in total.items()}
        for total in record.totals
    ]
