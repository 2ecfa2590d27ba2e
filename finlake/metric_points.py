"""Bronze of metrics: the points of many small files in one commit, which carries the record of the files it took.

Table bronze/metric_points (models/bronze/metric_points.odcs.yaml), append-only, partitioned by the day of the points.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, Transaction
from deltalake.transaction import AddAction, RemoveAction

from finlake import objects
from finlake.contracts import load_contract
from finlake.errors import LakeBusy
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.metric_ledger import MetricBatch, MetricLedger
from finlake.partitions import file_schema
from finlake.tables import ensure_table, locations, open_table

TABLE = "metric_points"
RECORD = "finlake_metric_files"
_APP = "bronze/metrics"
_MORE_COMMITS = 8
"""Commits of the table that are no batch: its making, columns added, what maintenance does."""


def store_batch(lake: Lake, batch: MetricBatch, points: pa.Table) -> None:
    """Add a batch's points by one commit that carries the batch. `points`: the contract's columns.

    Raises LakeBusy where another machine has committed this sequence, CommitFailedError where it does so at this very moment.
    """
    table = ensure_table(lake, load_contract("bronze", TABLE))
    if (table.transaction_version(_APP) or 0) >= batch.sequence:
        raise LakeBusy.of("lake_changed_meanwhile", where=lake.root)
    actions: list[AddAction | RemoveAction] = [_written(lake, day, rows) for day, rows in _by_day(points)]
    reach("before_metrics_bronze_commit")
    table.create_write_transaction(
        actions,
        "append",
        table.schema(),
        partition_by=["usage_date"],
        commit_properties=CommitProperties(
            custom_metadata={RECORD: batch.as_text()}, app_transactions=[Transaction(_APP, batch.sequence)]
        ),
    )
    reach("after_metrics_bronze_commit")


def point_files(lake: Lake, day: str) -> list[str]:
    """Locations of the files that hold the points of a day."""
    table = open_table(lake, "bronze", TABLE)
    return locations(table, {"usage_date": day}) if table else []


def mend(lake: Lake, ledger: MetricLedger) -> None:
    """Bring the ledger up to the log of bronze: what it doesn't know is read from the commits, never from a file."""
    table = open_table(lake, "bronze", TABLE)
    newest = int((table.transaction_version(_APP) if table else None) or 0)
    known = ledger.sequence()
    if table is None or newest == known:
        return
    anew = newest < known
    missing = newest if anew else newest - known
    found = _batches(table.history(missing + _MORE_COMMITS))
    if len([b for b in found if anew or b.sequence > known]) < missing:
        found = _batches(table.history())
    ledger.take_over([b for b in found if anew or b.sequence > known], anew=anew)


def empty_points() -> pa.Table:
    """No point, in the columns that store_batch takes."""
    return _columns().empty_table()


def points_table(rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    """Rows (content_id, position, and a point's columns; instants in microseconds) as store_batch takes them."""
    schema = _columns()
    columns = list(zip(*rows, strict=True))
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def days_of(points: pa.Table) -> list[date]:
    """The UTC days in which the points begin, in order."""
    return sorted(pc.unique(pc.cast(points["begins_at"], pa.date32())).to_pylist())


def _columns() -> pa.Schema:
    return file_schema(load_contract("bronze", TABLE))


def _by_day(points: pa.Table) -> Iterable[tuple[str, pa.Table]]:
    days = pc.cast(points["begins_at"], pa.date32())
    for day in days_of(points):
        yield day.isoformat(), points.filter(pc.equal(days, pa.scalar(day, pa.date32())))


def _written(lake: Lake, day: str, rows: pa.Table) -> AddAction:
    name = f"usage_date={day}/{uuid.uuid4().hex}.parquet"
    target = f"{lake.uri('bronze', TABLE)}/{name}"
    if not objects.is_s3(target):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
    system, path = objects.filesystem(target)
    pq.write_table(rows, path, filesystem=system, compression="zstd")
    info = system.get_file_info(path)
    said = json.dumps({"numRecords": rows.num_rows})
    return AddAction(name, info.size, {"usage_date": day}, int(info.mtime.timestamp() * 1000), True, said)


def _batches(history: Iterable[dict[str, Any]]) -> list[MetricBatch]:
    return [MetricBatch.from_text(commit[RECORD]) for commit in history if RECORD in commit]
