"""Two tables, compared value by value: rows as multisets over all columns, a map's entries in any order."""

from __future__ import annotations

import pyarrow as pa

from tests.pipeline.ingesting import query


def differing(first: pa.Table, second: pa.Table) -> dict[str, int]:
    """Rows that only one of the tables has, and for each column, values; empty where the tables are equal."""
    assert first.schema.names == second.schema.names
    said = {
        f.name: f'list_sort(map_entries("{f.name}"))' if pa.types.is_map(f.type) else f'"{f.name}"'
        for f in first.schema
    }
    rows = _differing(first, second, ", ".join(said.values()))
    of_columns = {name: _differing(first, second, column) for name, column in said.items()} if rows else {}
    return {name: count for name, count in ({"(rows)": rows} | of_columns).items() if count}


def _differing(first: pa.Table, second: pa.Table, columns: str) -> int:
    [(count,)] = query(
        f"select (select count(*) from (select {columns} from a except all select {columns} from b))"
        f" + (select count(*) from (select {columns} from b except all select {columns} from a))",
        a=first,
        b=second,
    )
    return int(count)
