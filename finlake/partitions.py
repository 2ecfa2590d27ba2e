"""One partition replaced by one commit: an engine writes Parquet files into the table's folder, delta-rs makes them count.

Until the commit nobody sees the files; a killed writer leaves only files that no log names, which VACUUM removes. Both engines
commit here, so that ledger transactions, conflicts and S3's conditional put are the same (docs/decisions/0014-one-committer.md).
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, Transaction
from deltalake.transaction import AddAction
from pyarrow import fs

from finlake import objects
from finlake.contracts import Contract, arrow_schema, partition_columns
from finlake.errors import FinlakeError
from finlake.lake import Lake
from finlake.tables import ensure_table, same_type

_PLAIN = re.compile("[^A-Za-z0-9_.-]")
_LONGEST_STATISTIC = 32
"""Characters: longer texts say little about a file and make the log grow."""


def file_schema(contract: Contract) -> pa.Schema:
    """What a file of the table holds: the contract's columns without the partition's own."""
    keys = set(partition_columns(contract))
    return pa.schema([field for field in arrow_schema(contract) if field.name not in keys])


def commit_partition(
    lake: Lake,
    contract: Contract,
    where: Mapping[str, str],
    write: Callable[[str], None],
    transactions: Mapping[str, int],
    metadata: Mapping[str, str],
) -> int:
    """Replace the rows of one partition (`where`: every partition column -> value) by what `write(folder)` puts there.

    Readers see the old rows or the new. Returns the number of rows. Raises FinlakeError where the files aren't
    what the contract says, CommitFailedError where another writer committed the same transaction meanwhile.
    """
    table = ensure_table(lake, contract)
    place = "/".join(f"{key}={_PLAIN.sub('_', value)}" for key, value in where.items())
    folder = f"{place}/{uuid.uuid4().hex}"
    target = f"{lake.table_uri(contract.layer, contract.name)}/{folder}"
    try:
        write(target)
        added = _added(target, folder, contract, where)
        table.create_write_transaction(
            [action for action, _ in added],
            "overwrite",
            table.schema(),
            partition_by=partition_columns(contract),
            partition_filters=[(key, "=", value) for key, value in where.items()],
            commit_properties=CommitProperties(
                custom_metadata=dict(metadata),
                app_transactions=[Transaction(app_id, version) for app_id, version in transactions.items()],
            ),
        )
    except Exception:
        _drop(target)
        raise
    return sum(rows for _, rows in added)


def _added(
    target: str, folder: str, contract: Contract, where: Mapping[str, str]
) -> list[tuple[AddAction, int]]:
    """The commit's actions for the files written, with their rows; a file without a row is left out."""
    system, path = objects.filesystem(target)
    found = system.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
    actions = []
    for info in sorted(found, key=lambda i: str(i.path)):
        if not info.path.endswith(".parquet"):
            continue
        with system.open_input_file(info.path) as handle:
            footer = pq.ParquetFile(handle)
            _check(footer.schema_arrow, footer.metadata, contract, info.path)
            rows, stats = footer.metadata.num_rows, _statistics(footer.metadata, footer.schema_arrow)
        if rows:
            name = f"{folder}/{info.path[len(path) :].lstrip('/')}"
            at = int(info.mtime.timestamp() * 1000)
            actions.append((AddAction(name, info.size, dict(where), at, True, json.dumps(stats)), rows))
    return actions


def _check(found: pa.Schema, metadata: pq.FileMetaData, contract: Contract, path: str) -> None:
    """delta-rs adds a file unread: its columns, their types and what must be filled are proved here, from its footer."""
    wanted = file_schema(contract)
    if found.names != wanted.names:
        raise _not_as_promised(
            contract, path, f"columns {sorted(set(found.names) ^ set(wanted.names))} differ"
        )
    for field in wanted:
        if not same_type(found.field(field.name).type, field.type):
            raise _not_as_promised(
                contract, path, f"{field.name} is {found.field(field.name).type}, not {field.type}"
            )
    required = {field.name for field in wanted if not field.nullable}
    for column in _columns(metadata):
        if column.path_in_schema in required and column.statistics and column.statistics.null_count:
            raise _not_as_promised(contract, path, f"{column.path_in_schema} must be filled and isn't")


def _not_as_promised(contract: Contract, path: str, what: str) -> FinlakeError:
    table = f"{contract.layer}.{contract.name}"
    return FinlakeError.of("written_otherwise", where=path, table=table, what=what)


def _columns(metadata: pq.FileMetaData) -> Iterable[Any]:
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            yield metadata.row_group(group).column(column)


def _statistics(metadata: pq.FileMetaData, schema: pa.Schema) -> dict[str, Any]:
    """Delta's per-file statistics: number of rows; least and greatest value of days and short texts, for skipping files."""
    spans: dict[str, list[Any]] = {}
    partial: set[str] = set()
    for column in _columns(metadata):
        name, said = column.path_in_schema, column.statistics
        if name not in schema.names or not _skippable(schema.field(name).type):
            continue
        if said is None or not said.has_min_max:
            if said is None or said.null_count != column.num_values:
                partial.add(name)
            continue
        spans.setdefault(name, []).extend((said.min, said.max))
    known = {n: values for n, values in spans.items() if n not in partial and all(map(_short, values))}
    return {
        "numRecords": metadata.num_rows,
        "minValues": {name: _said(min(values)) for name, values in known.items()},
        "maxValues": {name: _said(max(values)) for name, values in known.items()},
        "nullCount": {},
    }


def _skippable(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date32(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _short(value: Any) -> bool:
    return not isinstance(value, str) or len(value) <= _LONGEST_STATISTIC


def _said(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _drop(target: str) -> None:
    """Remove what a failed attempt wrote; on S3 it waits for VACUUM."""
    if not objects.is_s3(target):
        shutil.rmtree(target, ignore_errors=True)
