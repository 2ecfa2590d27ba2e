"""Canonical lines as CUR 2.0 Parquet: costs as DOUBLE, rates as text, timestamps in ms, map columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finlake.sample.facts import columns
from finlake.sample.lines import Line
from finlake.sample.money import text

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
# What stays as it is when an organisation is scaled, and counts that are delivered as text.
RATIOS = frozenset({"line_item_normalization_factor", "split_line_item_split_usage_ratio"})
COUNTS_AS_TEXT = (
    "reservation_number_of_reservations",
    "reservation_total_reserved_units",
    "reservation_total_reserved_normalized_units",
)
SIZES = (1, 2, 3, 5, 7, 11, 13, 17)
ROWS_A_FILE = 400_000
ROWS_A_GROUP = 100_000


def table(lines: list[Line]) -> pa.Table:
    """The lines as a table with all columns of CUR 2.0; what a line lacks is null (maps: empty)."""
    cells: dict[str, list[Any]] = {}
    for at, line in enumerate(lines):
        for name, value in line.items():
            if name not in cells:
                cells[name] = [None] * len(lines)
            cells[name][at] = value
    nothing = [None] * len(lines)
    arrays = [_array(each.type, cells.get(each.name, nothing)) for each in columns()]
    return pa.Table.from_arrays(
        arrays, schema=pa.schema([(each.name, TYPES[each.type]) for each in columns()])
    )


def write(lines: list[Line], path_of: Callable[[int], Path], rows_a_file: int) -> list[Path]:
    """Write the lines to as many files as needed. Returns their paths, in order."""
    whole = table(lines)
    paths = []
    for number, begin in enumerate(range(0, max(whole.num_rows, 1), rows_a_file), start=1):
        paths.append(path_of(number))
        pq.write_table(whole.slice(begin, rows_a_file), paths[-1], compression="snappy")
    return paths


def sizes(copies: int) -> list[int]:
    """How many times as much each copy of the organisation uses as the first one does."""
    return [SIZES[number % len(SIZES)] for number in range(copies)]


def write_copies(lines: list[Line], copies: int, path_of: Callable[[int], Path]) -> list[Path]:
    """Write the whole bill `copies` times, each of its own size, resources and commitments: its laws hold.

    Streams: no more than a row group and a file's writer are held in memory.
    """
    paths: list[Path] = []
    groups = _groups(lines, copies)
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


def _groups(lines: list[Line], copies: int) -> Iterator[pa.Table]:
    bases = {size: table([_scaled(line, size) for line in lines]) for size in set(sizes(copies))}
    batch: list[pa.Table] = []
    for number, size in enumerate(sizes(copies)):
        batch.append(_copy(bases[size], number) if number else bases[size])
        if sum(each.num_rows for each in batch) >= ROWS_A_GROUP:
            yield pa.concat_tables(batch)
            batch = []
    if batch:
        yield pa.concat_tables(batch)


def _scaled(line: Line, size: int) -> Line:
    """The line of an organisation that uses `size` times as much; whole numbers keep money exact."""
    found = {
        name: value * size if isinstance(value, Decimal) and name not in RATIOS else value
        for name, value in line.items()
    }
    found |= {name: text(Decimal(line[name]) * size) for name in COUNTS_AS_TEXT if name in line}
    if "discount" in line:
        found["discount"] = {key: amount * size for key, amount in line["discount"].items()}
    return found


def _copy(base: pa.Table, number: int) -> pa.Table:
    suffix = f"-x{number:05d}"
    changed = {name: pc.binary_join_element_wise(base[name], suffix, "") for name in OWN_TO_A_COPY}
    changed["identity_line_item_id"] = _line_ids(base["identity_line_item_id"], number)
    for name, values in changed.items():
        base = base.set_column(base.schema.get_field_index(name), name, values)
    return base


def _line_ids(ids: pa.ChunkedArray, number: int) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(ids, 0, 46), f"{number:06d}", "")


def _array(kind: str, found: list[Any]) -> pa.Array:
    """One column. Maps are never null, but empty, as AWS delivers them."""
    if kind == "double":
        found = [None if value is None else float(value) for value in found]
    elif kind == "timestamp":
        found = [value.replace(tzinfo=None) for value in found]
    elif kind == "map_string":
        found = [list((value or {}).items()) for value in found]
    elif kind == "map_double":
        found = [[(key, float(amount)) for key, amount in (value or {}).items()] for value in found]
    return pa.array(found, TYPES[kind])
