"""Canonical lines as CUR 2.0 Parquet: costs as DOUBLE, rates as text, timestamps in ms, map columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finlake.sample.facts import Column, columns
from finlake.sample.lines import Line

TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("ms"),
    "map_string": pa.map_(pa.string(), pa.string()),
    "map_double": pa.map_(pa.string(), pa.float64()),
}
# What names a thing that a copy of the organisation has of its own.
OWN_TO_A_COPY = (
    "line_item_resource_id",
    "savings_plan_savings_plan_a_r_n",
    "reservation_reservation_a_r_n",
    "reservation_subscription_id",
    "split_line_item_parent_resource_id",
)
ROWS_A_FILE = 400_000
ROWS_A_GROUP = 100_000


def table(lines: list[Line]) -> pa.Table:
    """The lines as a table with all columns of CUR 2.0; what a line lacks is null (maps: empty)."""
    schema = pa.schema([(each.name, TYPES[each.type]) for each in columns()])
    arrays = [
        pa.array([_cell(each, line.get(each.name)) for line in lines], TYPES[each.type]) for each in columns()
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def write(lines: list[Line], path_of: Callable[[int], Path], rows_a_file: int) -> list[Path]:
    """Write the lines to as many files as needed. Returns their paths, in order."""
    whole = table(lines)
    paths = []
    for number, begin in enumerate(range(0, max(whole.num_rows, 1), rows_a_file), start=1):
        paths.append(path_of(number))
        pq.write_table(whole.slice(begin, rows_a_file), paths[-1], compression="snappy")
    return paths


def write_copies(lines: list[Line], copies: int, path_of: Callable[[int], Path]) -> list[Path]:
    """Write the whole bill `copies` times, each with resources and commitments of its own: its laws hold.

    Streams: no more than a row group and a file's writer are held in memory.
    """
    paths: list[Path] = []
    groups = _groups(table(lines), copies)
    group = next(groups, None)
    while group is not None:
        paths.append(path_of(len(paths) + 1))
        with pq.ParquetWriter(paths[-1], group.schema, compression="snappy") as writer:
            rows = 0
            while group is not None and rows < ROWS_A_FILE:
                writer.write_table(group)
                rows += group.num_rows
                group = next(groups, None)
    return paths


def _groups(base: pa.Table, copies: int) -> Iterator[pa.Table]:
    batch: list[pa.Table] = []
    for number in range(copies):
        batch.append(base if number == 0 else _copy(base, number))
        if sum(each.num_rows for each in batch) >= ROWS_A_GROUP:
            yield pa.concat_tables(batch)
            batch = []
    if batch:
        yield pa.concat_tables(batch)


def _copy(base: pa.Table, number: int) -> pa.Table:
    suffix = f"-x{number:05d}"
    changed: Iterable[tuple[str, Any]] = [
        *((name, pc.binary_join_element_wise(base[name], suffix, "")) for name in OWN_TO_A_COPY),
        ("identity_line_item_id", _line_ids(base["identity_line_item_id"], number)),
    ]
    for name, values in changed:
        base = base.set_column(base.schema.get_field_index(name), name, values)
    return base


def _line_ids(ids: pa.ChunkedArray, number: int) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(ids, 0, 46), f"{number:06d}", "")


def _cell(column: Column, value: Any) -> Any:
    if column.type == "double":
        return None if value is None else float(value)
    if column.type == "timestamp":
        return value.replace(tzinfo=None)
    if column.type == "map_string":
        return list((value or {}).items())
    if column.type == "map_double":
        return [(key, float(amount)) for key, amount in (value or {}).items()]
    assert not isinstance(value, Decimal), column.name
    return value
