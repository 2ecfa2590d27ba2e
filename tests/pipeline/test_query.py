"""`finlake query`: exact figures in every format, whole builds, no way to anything but finlake's tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finlake.contracts import arrow_schema, load_contract
from finlake.engines.duckdb import connect
from finlake.lake import Lake, open_lake
from finlake.tables import replace_table
from finlake.warehouse import Build, Warehouse
from pipeline import cli
from pipeline.query import ask
from pipeline.reader import open_reader

COST = Decimal("1234567890123456.000000000001")


def publish_marts(lake: Lake, build_id: str, cost: Decimal) -> None:
    """A build with two marts of one row each, published."""
    warehouse = Warehouse(lake)
    warehouse.workplace.parent.mkdir(parents=True, exist_ok=True)
    with connect(str(warehouse.workplace), extensions=()) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.cost_monthly as "
            f"select '2026-04' as billing_period, {cost}::decimal(38,12) as cost_sum"
        )
        con.execute("create table marts.deliveries as select 'the mart' as which")
    warehouse.keep(Build(build_id, "2026-11-01T00:00:00+00:00", "p", {}, []))
    warehouse.publish(build_id, datetime(2026, 11, 1, tzinfo=UTC), keep=3)


@pytest.fixture
def lake(empty_lake: Path) -> Lake:
    """A lake with a published build and a silver table that holds one authority."""
    opened = open_lake(str(empty_lake))
    contract = load_contract("silver", "billing_authority")
    row = {
        "payer_id": "012345000045",
        "billing_period": "2026-04",
        "export_id": "cur2-a",
        "source_format": "cur2",
        "reason": "r",
        "decided_at": datetime(2026, 4, 1, 12, tzinfo=UTC),
    }
    replace_table(opened, contract, pa.Table.from_pylist([row], schema=arrow_schema(contract)))
    unloaded = load_contract("silver", "deliveries")
    replace_table(opened, unloaded, arrow_schema(unloaded).empty_table())
    publish_marts(opened, "b20261101T000000Z-aaaaaa", COST)
    return opened


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def query(lake: Lake, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run `finlake query` on the lake."""

    def run(*arguments: str) -> Said:
        code = cli.main(["query", *arguments, "--lake", lake.root])
        return Said(code, *capfd.readouterr())

    return run


def test_marts_by_bare_names_and_silver_beside_them(query: Callable[..., Said]) -> None:
    said = query("select * from cost_monthly")
    assert said.code == 0
    assert "1234567890123456.000000000001" in said.out
    assert "1 row" in said.err and "b20261101T000000Z-aaaaaa" in said.err
    assert "012345000045" in query("select * from silver.billing_authority").out
    assert "012345000045" in query("select * from billing_authority").out
    assert "the mart" in query("select which from deliveries").out
    assert "the mart" in query("select which from marts.deliveries").out
    listed = query("show tables", "--format", "csv").out.split()
    assert listed == ["name", "billing_authority", "cost_monthly", "deliveries"]


def test_money_is_exact_in_every_format(query: Callable[..., Said], tmp_path: Path) -> None:
    sql = "select cost_sum, cost_sum, {'part': 0.10::decimal(5,2)} as nested, null as none from cost_monthly"
    assert query(
        "select 1e-7::double as a, -2.5e-9::double as b, 0::double as c", "--format", "csv"
    ).out.splitlines()[1] == ("0.0000001,-0.0000000025,0.0")
    (line,) = csv.DictReader(io.StringIO(query(sql, "--format", "csv").out))
    assert line == {"cost_sum": str(COST), "cost_sum_1": str(COST), "nested": '{"part": "0.10"}', "none": ""}
    (row,) = json.loads(query(sql, "--format", "json").out)
    assert row == {"cost_sum": str(COST), "cost_sum_1": str(COST), "nested": {"part": "0.10"}, "none": None}
    envelope = json.loads(query(sql, "--json").out)
    assert envelope["rows"] == [row] and envelope["build_id"] == "b20261101T000000Z-aaaaaa"
    assert envelope["columns"][0] == {"name": "cost_sum", "type": "DECIMAL(38,12)"}
    file = tmp_path / "answer.parquet"
    assert query(sql, "--output", str(file)).code == 0
    assert pq.read_table(file).column("cost_sum").to_pylist() == [COST]


def test_instants_are_utc_and_counts_whole(query: Callable[..., Said]) -> None:
    sql = "select decided_at, sum(1) as n from billing_authority group by all"
    (row,) = json.loads(query(sql, "--format", "json").out)
    assert row == {"decided_at": "2026-04-01T12:00:00Z", "n": 1}


def test_limits(query: Callable[..., Said]) -> None:
    assert len(query("from range(250)", "--format", "csv").out.splitlines()) == 251
    assert len(query("from range(250)", "--format", "csv", "--limit", "3").out.splitlines()) == 4
    shown = query("from range(250)")
    assert "the first 100 rows; there are more" in shown.err
    assert "250 rows" in query("from range(250)", "--limit", "0").err
    assert json.loads(query("from range(5)", "--json", "--limit", "2").out)["more"] is True


def test_files_are_written_whole_or_not_at_all(query: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "answer.csv"
    assert query("select 1 as a", "--output", str(file)).code == 0
    assert file.read_text() == "a\n1\n"
    assert query("select 7 as a", "--format", "table", "--output", str(tmp_path / "a.txt")).code == 0
    assert "7" in (tmp_path / "a.txt").read_text()
    (tmp_path / "a.txt").unlink()
    late_fault = "select case when range = 60000 then error('late') else range end as a from range(70000)"
    assert query(late_fault, "--output", str(file)).code == 2
    assert file.read_text() == "a\n1\n"
    assert query("select interval 1 day as a", "--output", str(tmp_path / "a.parquet")).code == 2
    assert query("select 1", "--output", str(tmp_path / "none" / "a.csv")).code == 2
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["answer.csv"]


WRITING = [
    "copy (select 1) to '{out}'",
    "explain analyze copy (select 1) to '{out}'",
    "explain /* x */ analyze copy (select 1) to '{out}'",
    "/* x */ explain analyze copy (select 1) to '{out}'",
    "attach '{out}'",
    "create table t as select 1",
    "insert into cost_monthly values ('x', 1)",
    "delete from published_build.marts.cost_monthly",
    "set enable_external_access = true",
    "call enable_logging(storage := 'file')",
    "pragma enable_profiling",
    "export database '{out}'",
    "install spatial",
    "load spatial",
    "use marts",
    "checkpoint",
    "select 1; select 2",
    "",
    " -- nothing",
]


@pytest.mark.parametrize("sql", WRITING)
def test_a_query_is_one_statement_that_reads(query: Callable[..., Said], tmp_path: Path, sql: str) -> None:
    out = tmp_path / "stolen"
    said = query(sql.format(out=out))
    assert said.code == 2, said.err
    assert "nothing was run" in said.err
    assert not out.exists()


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd')",
        "read_blob('{lake}/finlake-lake.json')",
        "read_text('{lake}/silver/../finlake-lake.json')",
        "glob('/etc/*')",
        "'/etc/passwd'",
        "delta_scan('/etc')",
        "read_csv('https://example.org/a.csv')",
        "read_parquet('s3://bucket/a.parquet')",
        "sqlite_scan('{lake}/state/ledger.sqlite', 'deliveries')",
        "planted",
    ],
)
def test_a_query_reads_only_the_lakes_tables(query: Callable[..., Said], lake: Lake, source: str) -> None:
    planted = pa.table({"a": [1]})
    said = query(f"select * from {source.format(lake=lake.root)}")
    assert said.code == 2 and said.out == "" and planted.num_rows == 1
    assert "Error" in said.err and "tables: cost_monthly, deliveries, silver.billing_authority" in said.err
    assert "root:" not in said.err


def test_logging_can_not_be_made_a_writer(query: Callable[..., Said], lake: Lake, tmp_path: Path) -> None:
    for folder in (tmp_path / "log", Path(lake.root, "silver", "log")):
        query(f"select * from enable_logging('QueryLog', storage='file', storage_path='{folder}')")
        assert not folder.exists()


@pytest.mark.parametrize(
    "sql", ["explain select 1", "describe cost_monthly", "summarize cost_monthly", "explain analyze select 1"]
)
def test_statements_about_tables(query: Callable[..., Said], sql: str) -> None:
    assert query(sql).code == 0


def test_errors_show_the_place_and_what_there_is(query: Callable[..., Said]) -> None:
    said = query("select nope from cost_monthly")
    assert said.code == 2
    assert "nope" in said.err and "^" in said.err and "billing_period" in said.err
    assert "Traceback" not in said.err
    assert json.loads(query("select nope", "--json").out)["exit_code"] == 2
    assert query("select 1", "--format", "parquet", "--json").code == 2


def test_sql_from_standard_input(query: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("select 41 + 1 as a"))
    assert query("-", "--format", "csv").out == "a\n42\n"


def test_a_lake_without_a_build(empty_lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["query", "select * from cost_monthly", "--lake", str(empty_lake)]) == 7
    assert "no marts are published yet" in capsys.readouterr().err
    assert cli.main(["query", "select 1", "--lake", str(empty_lake / "none")]) == 7


def test_a_reader_sees_one_state_whatever_is_committed_meanwhile(lake: Lake) -> None:
    with open_reader(lake) as reader:
        publish_marts(lake, "b20261102T000000Z-bbbbbb", Decimal(2))
        contract = load_contract("silver", "billing_authority")
        replace_table(lake, contract, arrow_schema(contract).empty_table())
        both = "select (select cost_sum from cost_monthly), (select count(*) from silver.billing_authority)"
        assert list(ask(reader, both).rows()) == [(COST, 1)]
    with open_reader(lake) as reader:
        assert reader.pointer and reader.pointer.build_id == "b20261102T000000Z-bbbbbb"
        assert list(ask(reader, both).rows()) == [(Decimal(2), 0)]
