"""Delta tables of a lake: who commits what, in one atomic step each. The Delta log is the truth; the ledger follows it.

Reader version stays 1 (no deletion vectors, no column mapping, no NTZ timestamps), so that Athena, Trino, DuckDB and Spark
all read the tables. Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, Transaction, write_deltalake
from deltalake.exceptions import TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from finlake import objects
from finlake.contracts import Contract, arrow_schema, partition_columns
from finlake.errors import ConfigurationError
from finlake.failpoints import reach
from finlake.lake import Lake

KEPT = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 7 days",
}
RECORD = "finlake_delivery"
BRONZE_KEYS = ["export_id", "billing_period", "delivery_id"]


@dataclass(frozen=True)
class BronzeFile:
    """A file about to become part of bronze: where it lies now and the name that it gets."""

    path: Path
    name: str


def open_table(lake: Lake, *parts: str) -> DeltaTable | None:
    """The Delta table at a place of the lake, or None where there is none yet."""
    uri = lake.uri(*parts)
    try:
        return DeltaTable(uri, storage_options=objects.delta_options(uri))
    except TableNotFoundError:
        return None


# --- bronze: append-only, addressed by delivery ---------------------------------------------------------------------


def generations(lake: Lake, table: str) -> list[str]:
    """Generations of a bronze table, oldest first. A column whose type changed for good opens a new one."""
    return sorted(objects.names(lake.uri("bronze", table)), key=lambda name: int(name.removeprefix("g") or 0))


def bronze_tables(lake: Lake) -> list[tuple[str, str]]:
    """(table, generation) of every bronze table of the lake."""
    return [
        (table, g) for table in sorted(objects.names(lake.uri("bronze"))) for g in generations(lake, table)
    ]


def bronze_deliveries(lake: Lake) -> dict[str, dict[str, Any]]:
    """delivery_id -> the record that its commit carries, with the table and generation it lies in: what bronze holds."""
    found: dict[str, dict[str, Any]] = {}
    for table, generation in bronze_tables(lake):
        delta = open_table(lake, "bronze", table, generation)
        for commit in delta.history() if delta else []:
            if RECORD in commit:
                record = json.loads(commit[RECORD])
                found[record["delivery_id"]] = record | {"bronze_table": table, "generation": generation}
    return found


def store_delivery(
    lake: Lake, table: str, keys: Mapping[str, str], files: Sequence[BronzeFile], record: Mapping[str, Any]
) -> str:
    """Add a delivery's Parquet files to bronze byte for byte, by one commit. Returns the generation that took them.

    A column that is new is added to the table first; one whose type conflicts, or whose name differs in case only (Spark and
    Athena couldn't read both), opens a new generation. Doing it again
    changes nothing: the same delivery is not added twice.
    """
    wanted = _delta_fields([pq.read_schema(file.path) for file in files])
    stored = _stored_in(lake, table, f"bronze/{keys['delivery_id']}")
    if stored:
        return stored
    generation = _generation_for(lake, table, wanted)
    uri = lake.uri("bronze", table, generation)
    delta = open_table(lake, "bronze", table, generation) or _create_bronze(uri, wanted)
    missing = [
        field for field in wanted if field.name not in {f.name for f in pa.schema(delta.schema().to_arrow())}
    ]
    if missing:
        delta.alter.add_columns([Field.from_arrow(field) for field in missing])
        delta = open_table(lake, "bronze", table, generation) or delta
    folder = "/".join(f"{key}={keys[key]}" for key in BRONZE_KEYS)
    actions: list[AddAction | RemoveAction] = []
    for file in files:
        info = file.path.stat()
        actions.append(
            AddAction(
                f"{folder}/{file.name}", info.st_size, dict(keys), int(info.st_mtime * 1000), True, "{}"
            )
        )
        objects.put_file(file.path, f"{uri}/{folder}/{file.name}")
    reach("before_bronze_commit")
    delta.create_write_transaction(
        actions,
        "append",
        delta.schema(),
        partition_by=BRONZE_KEYS,
        commit_properties=CommitProperties(
            custom_metadata={RECORD: json.dumps(record, sort_keys=True)},
            app_transactions=[Transaction(f"bronze/{keys['delivery_id']}", int(record["sequence"]))],
        ),
    )
    reach("after_bronze_commit")
    return generation


def delivery_files(lake: Lake, table: str, generation: str, delivery_id: str) -> list[str]:
    """Locations of a delivery's bronze files, as the Delta log names them."""
    delta = open_table(lake, "bronze", table, generation)
    return _locations(delta, {"delivery_id": delivery_id}) if delta else []


def _create_bronze(uri: str, fields: Iterable[pa.Field]) -> DeltaTable:
    keys = [pa.field(key, pa.string(), nullable=False) for key in BRONZE_KEYS]
    return DeltaTable.create(
        uri,
        pa.schema([*keys, *fields]),
        partition_by=BRONZE_KEYS,
        configuration=KEPT,
        mode="ignore",
        storage_options=objects.delta_options(uri),
    )


def _stored_in(lake: Lake, table: str, app_id: str) -> str | None:
    """The generation that holds a delivery already."""
    for generation in generations(lake, table):
        delta = open_table(lake, "bronze", table, generation)
        if delta is not None and delta.transaction_version(app_id) is not None:
            return generation
    return None


def _generation_for(lake: Lake, table: str, wanted: Sequence[pa.Field]) -> str:
    """The newest generation whose columns these fit; a new one where none does."""
    existing = generations(lake, table)
    for generation in reversed(existing):
        delta = open_table(lake, "bronze", table, generation)
        if delta is None or _fits(pa.schema(delta.schema().to_arrow()), wanted):
            return generation
    return f"g{len(existing) + 1}"


def _fits(have: pa.Schema, wanted: Sequence[pa.Field]) -> bool:
    """Same spelling and type for every column that both have; columns that only one has don't matter."""
    known = {field.name.lower(): field for field in have}
    pairs = [(known[field.name.lower()], field) for field in wanted if field.name.lower() in known]
    return all(old.name == new.name and _same(old.type, new.type) for old, new in pairs)


def _same(first: pa.DataType, second: pa.DataType) -> bool:
    return str(first).replace("_view", "").replace("large_", "") == str(second) or (
        pa.types.is_map(first) and pa.types.is_map(second) and first.item_type == second.item_type
    )


def _delta_fields(schemas: Iterable[pa.Schema]) -> list[pa.Field]:
    """Columns of the delivered files as Delta keeps them: no time without zone. One of Parquet's null type says
    nothing, so it declares nothing."""
    fields: dict[str, pa.Field] = {}
    for schema in schemas:
        for field in schema:
            if field.name not in BRONZE_KEYS and not pa.types.is_null(field.type):
                fields.setdefault(field.name, field)
    return [pa.field(name, _delta_type(field.type)) for name, field in fields.items()]


def _delta_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC")
    if pa.types.is_map(kind):
        return pa.map_(_delta_type(kind.key_type), _delta_type(kind.item_type))
    if pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind


# --- silver: one commit replaces one partition -----------------------------------------------------------------------


def replace_partition(
    lake: Lake,
    contract: Contract,
    where: Mapping[str, str],
    rows: pa.RecordBatchReader | pa.Table,
    transactions: Mapping[str, int],
    metadata: Mapping[str, str],
) -> None:
    """Replace the rows of one partition by one commit; readers see the old rows or the new."""
    uri = lake.table_uri(contract.layer, contract.name)
    _ensure(uri, contract)
    predicate = " AND ".join(f"{key} = '{_literal(value)}'" for key, value in where.items())
    write_deltalake(
        uri,
        rows,
        mode="overwrite",
        predicate=predicate,
        storage_options=objects.delta_options(uri),
        commit_properties=CommitProperties(
            custom_metadata=dict(metadata),
            app_transactions=[Transaction(app_id, version) for app_id, version in transactions.items()],
        ),
    )


def replace_table(lake: Lake, contract: Contract, rows: pa.Table) -> None:
    """Replace a small table as a whole by one commit; nothing is written where it already holds exactly these rows."""
    uri = lake.table_uri(contract.layer, contract.name)
    _ensure(uri, contract)
    current = read_table(lake, contract)
    if current is not None and _sorted(current) == _sorted(rows):
        return
    options = objects.delta_options(uri)
    write_deltalake(uri, rows, mode="overwrite", schema_mode="overwrite", storage_options=options)


def read_table(lake: Lake, contract: Contract) -> pa.Table | None:
    """A small table without partitions as a whole; None where there is none.

    Arrow's own readers: delta-rs' `to_pyarrow_table` leaves a thread behind that aborts the process at its end.
    """
    delta = open_table(lake, contract.layer, contract.name)
    if delta is None:
        return None
    schema = arrow_schema(contract)
    places = [objects.filesystem(location) for location in _locations(delta, {})]
    parts = [pq.read_table(path, filesystem=system, partitioning=None) for system, path in places]
    return pa.concat_tables([schema.empty_table(), *[_in_schema(part, schema) for part in parts]])


def table_files(lake: Lake, layer: str, table: str, where: Mapping[str, str]) -> list[str]:
    """Locations of the files of a table's partition at its newest version."""
    delta = open_table(lake, layer, table)
    return _locations(delta, where) if delta else []


def _locations(delta: DeltaTable, where: Mapping[str, str]) -> list[str]:
    """Files as paths or s3:// addresses; delta-rs spells a local path as in a URL (`a%20b`), which no reader of files takes."""
    uris = delta.file_uris(file_pruning_predicate=[(k, "=", v) for k, v in where.items()])
    return sorted(uri if objects.is_s3(uri) else unquote(uri) for uri in uris)


def transaction_version(lake: Lake, layer: str, table: str, app_id: str) -> int | None:
    """The version that a named writer last committed to a table, from the Delta log; None where it never did."""
    delta = open_table(lake, layer, table)
    return delta.transaction_version(app_id) if delta else None


def _in_schema(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """The part in the contract's columns: null where it was written before the contract had the column."""
    have = set(part.schema.names)
    columns = [part[f.name] if f.name in have else pa.nulls(len(part), f.type) for f in schema]
    return pa.table([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _ensure(uri: str, contract: Contract) -> None:
    """Make the table where there is none; add the columns that the contract has got since the table was made."""
    table = DeltaTable.create(
        uri,
        arrow_schema(contract),
        partition_by=partition_columns(contract) or None,
        configuration=KEPT,
        mode="ignore",
        storage_options=objects.delta_options(uri),
    )
    have = {field.name: field.type for field in pa.schema(table.schema().to_arrow())}
    wanted = [pa.field(f.name, f.type) for f in arrow_schema(contract)]
    if any(f.name in have and not _same(have[f.name], f.type) for f in wanted):
        raise ConfigurationError(
            f"the table {contract.layer}.{contract.name} was made by a finlake with other column types",
            where=uri,
            intact="bronze and what is published",
            next_step="remove that folder: the next ingest makes the table anew from bronze",
        )
    if new := [Field.from_arrow(f) for f in wanted if f.name not in have]:
        table.alter.add_columns(new)


def _sorted(rows: pa.Table) -> list[dict[str, Any]]:
    return sorted(rows.to_pylist(), key=repr)


def _literal(value: str) -> str:
    return value.replace("'", "''")
