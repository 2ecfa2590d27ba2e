"""A partition is replaced by one commit: rows of the others stay, a competing writer loses, wrong files never count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import CommitFailedError

from finlake.contracts import load_contract
from finlake.errors import FinlakeError
from finlake.lake import Lake, create_or_open
from finlake.partitions import commit_partition, file_schema
from finlake.tables import open_table, table_files

CONTRACT = load_contract("silver", "delivery_costs")
WHERE = {"export_id": "cur2-1-x", "billing_period": "2026-03", "delivery_id": "d1"}


def rows(count: int, account: str = "000000000001") -> pa.Table:
    """Rows that fill every required column with something of its type."""
    samples = {
        pa.string(): "x", pa.bool_(): False, pa.int64(): 1, pa.decimal128(28, 12): Decimal("1.5"),
        pa.date32(): datetime(2026, 3, 1, tzinfo=UTC).date(),
    }  # fmt: skip
    row = {f.name: samples[f.type] for f in file_schema(CONTRACT)} | {"account_id": account}
    return pa.Table.from_pylist([row] * count, schema=file_schema(CONTRACT))


def writing(table: pa.Table) -> Callable[[str], None]:
    def write(folder: str) -> None:
        Path(folder).mkdir(parents=True)
        pq.write_table(table, f"{folder}/part.parquet")

    return write


def exchanged(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


def stored(lake: Lake, where: dict[str, str]) -> int:
    return sum(pq.read_metadata(f).num_rows for f in table_files(lake, "silver", CONTRACT.name, where))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_or_open(str(tmp_path / "lake"))


def test_replaces_its_own_partition_only(lake: Lake) -> None:
    other = WHERE | {"billing_period": "2026-04"}
    commit_partition(lake, CONTRACT, other, writing(rows(7)), {"a": 1}, {})
    commit_partition(lake, CONTRACT, WHERE, writing(rows(3)), {"b": 1}, {})
    assert commit_partition(lake, CONTRACT, WHERE, writing(rows(5)), {"b": 2}, {"note": "n"}) == 5
    assert (stored(lake, WHERE), stored(lake, other)) == (5, 7)
    table = open_table(lake, "silver", CONTRACT.name)
    assert table is not None
    assert table.transaction_version("b") == 2
    assert table.history(1)[0]["note"] == "n"
    assert table.protocol().min_reader_version == 1


def test_statistics_let_readers_skip_files(lake: Lake) -> None:
    commit_partition(lake, CONTRACT, WHERE, writing(rows(4, "000000000009")), {"a": 1}, {})
    table = open_table(lake, "silver", CONTRACT.name)
    assert table is not None
    (action,) = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    assert action["num_records"] == 4
    assert action["min.account_id"] == action["max.account_id"] == "000000000009"


@pytest.mark.parametrize("before", [False, True], ids=["empty partition", "filled partition"])
def test_two_writers_of_one_partition_have_one_winner(lake: Lake, before: bool) -> None:
    """The second commits while the first writes its files: the first must fail, or its rows would stand beside the second's."""
    if before:
        commit_partition(lake, CONTRACT, WHERE, writing(rows(2)), {"a": 1}, {})

    def overtaken(folder: str) -> None:
        writing(rows(3))(folder)
        commit_partition(lake, CONTRACT, WHERE, writing(rows(11)), {"a": 3}, {})

    with pytest.raises(CommitFailedError):
        commit_partition(lake, CONTRACT, WHERE, overtaken, {"a": 2}, {})
    assert stored(lake, WHERE) == 11


def test_writers_of_two_partitions_both_win(lake: Lake) -> None:
    other = WHERE | {"billing_period": "2026-04"}
    commit_partition(lake, CONTRACT, WHERE, writing(rows(1)), {"a": 1}, {})

    def meanwhile(folder: str) -> None:
        writing(rows(3))(folder)
        commit_partition(lake, CONTRACT, other, writing(rows(4)), {"b": 1}, {})

    commit_partition(lake, CONTRACT, WHERE, meanwhile, {"a": 2}, {})
    assert (stored(lake, WHERE), stored(lake, other)) == (3, 4)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda t: t.drop_columns(["account_id"]), "columns"),
        (lambda t: exchanged(t, "line_count", pa.array([1.0])), "line_count is double"),
        (lambda t: exchanged(t, "currency", pa.nulls(1, pa.string())), "currency must be filled"),
    ],
    ids=["a column is missing", "another type", "a required value is missing"],
)
def test_files_other_than_the_contract_never_count(
    lake: Lake, wrong: Callable[[pa.Table], pa.Table], said: str
) -> None:
    commit_partition(lake, CONTRACT, WHERE, writing(rows(2)), {"a": 1}, {})
    with pytest.raises(FinlakeError, match=said):
        commit_partition(lake, CONTRACT, WHERE, writing(wrong(rows(1))), {"a": 2}, {})
    assert stored(lake, WHERE) == 2
    assert len(list(Path(lake.root, "silver", CONTRACT.name).rglob("*.parquet"))) == 1
