"""Delta tables of a lake: who commits what, in one atomic step each. The Delta log is the truth; the ledger follows it.

Reader version stays 1 (no deletion vectors, no column mapping, no NTZ timestamps), so that Athena, Trino, DuckDB and Spark
all read the tables. Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, Transaction, write_deltalake
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import TableNotFoundError

from finlake import objects
from finlake.contracts import Contract, arrow_schema, partition_columns
from finlake.errors import ConfigurationError
from finlake.lake import Lake

KEPT = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 7 days",
}


def open_table(lake: Lake, *parts: str) -> DeltaTable | None:
    """The Delta table at a place of the lake, or None where there is none yet."""
    uri = lake.uri(*parts)
    try:
        return DeltaTable(uri, storage_options=objects.delta_options(uri))
    except TableNotFoundError:
        return None


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
    ensure_table(lake, contract)
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
    """Replace a small table as a whole by one commit; nothing is written where it already holds exactly these rows.

    Raises CommitFailedError where another writer replaced it meanwhile: also an empty one, in which Delta alone sees no conflict.
    """
    table = ensure_table(lake, contract)
    current = read_table(lake, contract)
    if current is not None and _sorted(current) == _sorted(rows):
        return
    replaced = Transaction("replaced", table.version() + 1)
    write_deltalake(
        table,
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        commit_properties=CommitProperties(app_transactions=[replaced]),
    )


def read_table(lake: Lake, contract: Contract) -> pa.Table | None:
    """A small table without partitions as a whole; None where there is none.

    Arrow's own readers: delta-rs' `to_pyarrow_table` leaves a thread behind that aborts the process at its end.
    """
    delta = open_table(lake, contract.layer, contract.name)
    if delta is None:
        return None
    schema = arrow_schema(contract)
    places = [objects.filesystem(location) for location in locations(delta, {})]
    parts = [pq.read_table(path, filesystem=system, partitioning=None) for system, path in places]
    return pa.concat_tables([schema.empty_table(), *[_in_schema(part, schema) for part in parts]])


def table_files(lake: Lake, layer: str, table: str, where: Mapping[str, str]) -> list[str]:
    """Locations of the files of a table's partition at its newest version."""
    delta = open_table(lake, layer, table)
    return locations(delta, where) if delta else []


def locations(delta: DeltaTable, where: Mapping[str, str]) -> list[str]:
    """Files as paths or s3:// addresses. delta-rs spells the table's own place as in a URL (`a%20b`), which no reader of files
    takes, and what follows as the files are really called."""
    root = delta.table_uri.removeprefix("file://")
    uris = delta.file_uris(file_pruning_predicate=[(k, "=", v) for k, v in where.items()])
    return sorted(unquote(root) + uri.removeprefix(root) for uri in uris)


def same_type(first: pa.DataType, second: pa.DataType) -> bool:
    """Whether Delta keeps both types alike: string views and large strings are strings."""
    return str(first).replace("_view", "").replace("large_", "") == str(second) or (
        pa.types.is_map(first) and pa.types.is_map(second) and first.item_type == second.item_type
    )


def _in_schema(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """The part in the contract's columns: null where it was written before the contract had the column."""
    have = set(part.schema.names)
    columns = [part[f.name] if f.name in have else pa.nulls(len(part), f.type) for f in schema]
    return pa.table([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def ensure_table(lake: Lake, contract: Contract) -> DeltaTable:
    """The table, made where there is none, with the columns that the contract has got since the table was made."""
    uri = lake.table_uri(contract.layer, contract.name)
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
    if any(f.name in have and not same_type(have[f.name], f.type) for f in wanted):
        table_name = f"{contract.layer}.{contract.name}"
        raise ConfigurationError.of("table_of_other_types", where=uri, table=table_name)
    if new := [Field.from_arrow(f) for f in wanted if f.name not in have]:
        table.alter.add_columns(new)
        table.update_incremental()
    _relax(table, contract)
    return table


def _relax(table: DeltaTable, contract: Contract) -> None:
    """Let columns be null that the contract no longer requires: one commit that adds and removes no file.

    Tables without partitions are replaced as a whole, schema included (replace_table).
    """
    fields = list(pa.schema(table.schema().to_arrow()))
    free = {field.name for field in arrow_schema(contract) if field.nullable}
    keys = partition_columns(contract)
    if not keys or all(field.nullable or field.name not in free for field in fields):
        return
    # A filter that touches no partition: text of a key that is a day has to be one.
    nowhere = (
        "0001-01-01"
        if pa.types.is_date(arrow_schema(contract).field(keys[0]).type)
        else "no partition is touched"
    )
    relaxed = pa.schema([field.with_nullable(field.nullable or field.name in free) for field in fields])
    table.create_write_transaction(
        [],
        "overwrite",
        DeltaSchema.from_arrow(relaxed),
        partition_by=keys,
        partition_filters=[(keys[0], "=", nowhere)],
    )
    table.update_incremental()


def _sorted(rows: pa.Table) -> list[dict[str, Any]]:
    return sorted(rows.to_pylist(), key=repr)


def _literal(value: str) -> str:
    return value.replace("'", "''")
