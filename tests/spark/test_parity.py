"""The same deliveries on both engines: equal tables, value by value, in every layout; and what readers of Delta see."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from finlake.contracts import load_contract
from finlake.engines.spark_engine import SparkEngine
from finlake.lake import open_lake
from finlake.settings import load_settings
from pipeline.diff import Wanted, changes
from pipeline.ingest import facts_of, open_ledger
from pipeline.silver import SilverWriter
from tests.pipeline.ingesting import silver, versions
from tests.spark.conftest import without_silver
from tests.spark.parity import differing

BILLS = ("billing_line_items", "delivery_costs")
TABLES = (*BILLS, "resource_metrics")


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_equal(table: str, duckdb_lake: Path, spark_lake: Path) -> None:
    first, second = silver(duckdb_lake, table), silver(spark_lake, table)
    assert first.num_rows == second.num_rows > 500
    assert first.schema == second.schema
    assert differing(first, second) == {}


def test_every_layout_was_compared(spark_lake: Path, sources: list[Path]) -> None:
    """One export of each source, two of the sample; the two layouts of the legacy report are deliveries of one export."""
    lines, costs = silver(spark_lake, "billing_line_items"), silver(spark_lake, "delivery_costs")
    assert set(lines["source_format"].to_pylist()) == {"cur1", "cur2", "focus"}
    assert len(set(lines["export_id"].to_pylist())) >= len(sources)
    assert len(set(costs["delivery_id"].to_pylist())) >= len(sources) + 2


@pytest.mark.parametrize("table", TABLES)
def test_spark_reads_both_tables_as_delta(
    table: str, duckdb_lake: Path, spark_lake: Path, session: Any
) -> None:
    """What Spark's own Delta reader sees in a table of either engine is what DuckDB sees."""
    for lake in (duckdb_lake, spark_lake):
        wanted = silver(lake, table)
        read = session.read.format("delta").load(f"{lake}/silver/{table}").toArrow()
        assert differing(wanted, read.cast(_plain(wanted.schema))) == {}, lake


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(f.name, f.type) for f in schema])


def test_delta_protocol_stays_readable_for_all(duckdb_lake: Path, spark_lake: Path) -> None:
    for lake in (duckdb_lake, spark_lake):
        for table in versions(lake):
            protocol = DeltaTable(f"{lake}/{table}").protocol()
            assert protocol.min_reader_version == 1, (table, protocol)
            assert protocol.min_writer_version <= 4, (table, protocol)


def test_spark_leaves_parquet_only(spark_lake: Path) -> None:
    """VACUUM never looks at Hadoop's checksums and markers: they would stay for ever."""
    left = {p.name for p in (spark_lake / "silver").rglob("*") if p.is_file() and "_delta_log" not in p.parts}
    assert left and all(name.endswith(".parquet") for name in left)


def test_again_changes_nothing(spark_lake: Path, sources: list[Path]) -> None:
    from tests.pipeline.ingesting import ingest

    before = versions(spark_lake)
    assert not ingest(spark_lake, sources[0])["changed"]
    assert versions(spark_lake) == before


def test_connect_server_gives_the_same_tables(connect_server: str, duckdb_lake: Path, tmp_path: Path) -> None:
    lake = open_lake(str(without_silver(duckdb_lake, tmp_path / "lake")))
    settings = load_settings(lake=lake.root)
    with closing(open_ledger(lake)) as ledger:
        of_each = {r.source_format: r for r in ledger.deliveries() if r.line_count}
    chosen = [of_each["cur2"], of_each["focus"]]
    engine = SparkEngine(lake.root, connect_server)
    shown = SilverWriter(lake, engine, facts_of(settings)).converge(chosen)
    assert {r.delivery_id for r in shown} == {r.delivery_id for r in chosen}
    for table in BILLS:
        second = silver(lake.root, table)
        ids = pa.array(sorted({r.delivery_id for r in chosen}))
        first = silver(duckdb_lake, table)
        first = first.filter(pc.is_in(first["delivery_id"], value_set=ids))
        assert second.num_rows == first.num_rows > 0
        assert differing(first, second) == {}, table


def test_an_engine_writes_what_the_contract_says(spark_lake: Path) -> None:
    """Types in the files themselves: decimals of 12 places, times in UTC as microseconds, dates as dates."""
    contract = load_contract("silver", "billing_line_items")
    table = silver(spark_lake, contract.name)
    assert table.schema.field("unblended_cost").type == pa.decimal128(28, 12)
    assert str(table.schema.field("charge_period_start").type) == "timestamp[us, tz=UTC]"
    assert table.schema.field("usage_date").type == pa.date32()


def test_the_marker_names_the_engine(duckdb_lake: Path, spark_lake: Path) -> None:
    for lake, engine in ((duckdb_lake, "duckdb"), (spark_lake, "spark")):
        assert json.loads((lake / "finlake-lake.json").read_text())["engine"] == engine


def test_diff_is_equal(duckdb_lake: Path) -> None:
    """`finlake diff` of the sample's two deliveries of May, counted line by line; either engine may read any lake."""
    with closing(open_ledger(open_lake(str(duckdb_lake)))) as ledger:
        (export,) = {r.export_id for r in ledger.deliveries() if "sample-finops-cur2" in r.export_id}
    wanted = Wanted(period="2026-05", export=export, lines=True)
    one, other = (
        changes(load_settings(lake=str(duckdb_lake), engine=e), wanted) for e in ("duckdb", "spark")
    )
    assert one == other
    assert one["changes"][0]["rows"]["unchanged"] > 0
