"""The same bill in four layouts gives the same silver rows; what AWS itself delivers differently is named here."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tests.pipeline.ingesting import query, silver

OF_THE_DELIVERY = ("export_id", "delivery_id", "source_format")
REISSUED = ("line_item_id",)
"""AWS gives the lines of each delivery new ids."""
NAMES = ("payer_name", "account_name")
"""Legacy CUR has no account names."""
EXCEPTIONS = {
    "cur1_csv": NAMES,
    # AWS merges tag keys that differ in case only (`team`, `Team`), and with them the dimension made of them, and writes
    # cost category names in snake case.
    "cur1_parquet": (*NAMES, "resource_tags", "cost_categories", "team"),
    "cur2_csv": (),
}


@pytest.fixture(scope="session")
def reference(cur2_parquet_lake: Path) -> pa.Table:
    return silver(cur2_parquet_lake, "billing_line_items")


def more_in_first(first: pa.Table, second: pa.Table, columns: list[str]) -> int:
    """Rows of the first that the second lacks, over the columns, as multisets; the entries of a map have no order."""
    maps = {field.name for field in first.schema if pa.types.is_map(field.type)}
    said = ", ".join(f"list_sort(map_entries({name}))" if name in maps else name for name in columns)
    [(count,)] = query(
        f"select count(*) from (select {said} from a except all select {said} from b)", a=first, b=second
    )
    return int(count)


@pytest.mark.parametrize("layout", sorted(EXCEPTIONS))
def test_every_row_is_the_same(layout: str, reference: pa.Table, request: pytest.FixtureRequest) -> None:
    other = silver(request.getfixturevalue(f"{layout}_lake"), "billing_line_items")
    assert other.schema == reference.schema and other.num_rows == reference.num_rows > 0
    left_out = {*OF_THE_DELIVERY, *REISSUED, *EXCEPTIONS[layout]}
    columns = [name for name in reference.column_names if name not in left_out]
    differing = {name for name in columns if more_in_first(other, reference, [name])}
    assert not differing
    assert more_in_first(other, reference, columns) == 0


@pytest.mark.parametrize("layout", sorted(EXCEPTIONS))
def test_an_exception_is_one(layout: str, reference: pa.Table, request: pytest.FixtureRequest) -> None:
    """A column that no longer differs doesn't belong on the list."""
    other = silver(request.getfixturevalue(f"{layout}_lake"), "billing_line_items")
    assert [name for name in EXCEPTIONS[layout] if not more_in_first(other, reference, [name])] == []


def test_merged_tag_keys_change_the_team_of_those_lines_only(
    cur1_parquet_lake: Path, reference: pa.Table
) -> None:
    """Of lines with both `team` and `Team` the merged key keeps one value."""
    both = "map_contains(resource_tags, 'user_team') and map_contains(resource_tags, 'user_Team')"
    [(doubled,)] = query(f"select count(*) from t where {both}", t=reference)
    other = silver(cur1_parquet_lake, "billing_line_items")
    assert 0 < more_in_first(other, reference, ["team"]) <= doubled
