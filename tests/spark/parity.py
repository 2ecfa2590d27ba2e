"""Two tables, compared value by value: rows as multisets over all columns, a map's entries in any order."""

from __future__ import annotations

import pyarrow as pa

from tests.pipeline.ingesting import query


def differing(first: pa.Table, second: pa.Table) -> dict[str, int]:
    """Column -> rows whose value the other table lacks, `(all)` for whole rows; empty where the tables are equal."""
    assert first.schema.names == second.schema.names
    said = {
        f.name: f'list_sort(map_entries("{f.name}"))' if pa.types.is_map(f.type) else f'"{f.name}"'
        for f in first.schema
    }
    wanted = said | {"(all)": ", ".join(said.values())}
    found = {}
    for name, columns in wanted.items():
        [(count,)] = query(
            f"select (select count(*) from (select {columns} from a except all select {columns} from b))"
            f" + (select count(*) from (select {columns} from b except all select {columns} from a))",
            a=first,
            b=second,
        )
        if count:
            found[name] = int(count)
    return found
