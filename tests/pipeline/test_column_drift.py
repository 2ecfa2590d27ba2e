"""Columns come, go, change their case or their type: every delivery stays readable, no value lands in another column."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from finlake.bronze import bronze_tables
from finlake.catalogue import Catalogue
from finlake.engines.duckdb_engine import DuckDBEngine
from finlake.lake import open_lake
from finlake.settings import load_settings
from pipeline.ingest import open_ledger
from pipeline.silver import SilverWriter
from spark_jobs.silver.facts import Facts
from tests.pipeline import tiny
from tests.pipeline.ingesting import ingest, query, silver

APRIL = "20260401-20260501"
NET = "lineItem/NetUnblendedCost"


def shown(lake: Path, column: str) -> dict[str, list[object]]:
    """Billing period -> the column's values, sorted."""
    sql = f"select billing_period, list({column} order by {column}) from t group by all"
    return dict(query(sql, t=silver(lake, "billing_line_items")))


def remembered(lake: Path) -> dict[str, list[Decimal]]:
    """delivery id -> unblended costs, made anew from bronze for every delivery ever stored."""
    opened = open_lake(str(lake))
    ledger, engine = open_ledger(opened), DuckDBEngine()
    writer = SilverWriter(opened, engine, Facts(Catalogue.load(), load_settings(lake=str(lake)).dimensions))
    found = {}
    for record in ledger.deliveries():
        lines = engine.fetch(writer.lines_of(record))
        found[record.version_id] = sorted(lines["unblended_cost"].to_pylist())
    engine.close()
    ledger.close()
    return found


def test_csv_columns_come_and_go(tmp_path: Path) -> None:
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_csv(source, [tiny.line("1", **{"resourceTags/user:team": "web"})], "20260310T000000Z")
    ingest(lake, source)
    with_net = tiny.line(
        "2",
        **{
            NET: "1.8",
            "resourceTags/user:Team": "b",
            "resourceTags/user:team": "a",
            "costCategory/A, b=c": "x",
        },
    )
    tiny.cur1_csv(source, [with_net, tiny.line("3")], "20260412T000000Z", period=APRIL)
    assert not ingest(lake, source)["refused"]
    assert shown(lake, "net_unblended_cost") == {
        "2026-03": [Decimal(1)],
        "2026-04": [Decimal("1.8"), Decimal(3)],
    }
    [(tags, categories)] = query(
        "select resource_tags, cost_categories from t where unblended_cost = 2",
        t=silver(lake, "billing_line_items"),
    )
    assert tags == {"user_Team": "b", "user_team": "a"} and categories == {"A, b=c": "x"}
    tiny.cur1_csv(source, [tiny.line("4")], "20260501T000000Z", period=APRIL)
    ingest(lake, source)
    assert shown(lake, "net_unblended_cost")["2026-04"] == [Decimal(4)]


def test_parquet_columns_come_and_go_within_a_generation(tmp_path: Path) -> None:
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_parquet(source, [tiny.line("1")], "v1")
    tiny.cur1_parquet(source, [tiny.line("2", **{NET: "1.8"})], "v1", period=APRIL)
    ingest(lake, source)
    tiny.cur1_parquet(source, [tiny.line("3")], "v2", period=APRIL)
    ingest(lake, source)
    assert [generation for _, generation in bronze_tables(open_lake(str(lake)))] == ["g1"]
    assert shown(lake, "net_unblended_cost") == {"2026-03": [Decimal(1)], "2026-04": [Decimal(3)]}


def test_a_type_that_conflicts_opens_a_generation_and_the_old_stays_readable(tmp_path: Path) -> None:
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_parquet(source, [tiny.line("1.1", **{NET: "1.0"})], "double")
    ingest(lake, source)
    tiny.cur1_parquet(
        source,
        [tiny.line("2.2", **{NET: "2.0"})],
        "text",
        types={"line_item_net_unblended_cost": pa.string()},
    )
    assert not ingest(lake, source)["refused"]
    assert [generation for _, generation in bronze_tables(open_lake(str(lake)))] == ["g1", "g2"]
    assert shown(lake, "net_unblended_cost") == {"2026-03": [Decimal("2.0")]}
    assert remembered(lake) == {"double": [Decimal("1.1")], "text": [Decimal("2.2")]}
    tiny.cur1_parquet(source, [tiny.line("3.3", **{NET: "3.0"})], "double again")
    ingest(lake, source)
    assert shown(lake, "net_unblended_cost") == {"2026-03": [Decimal("3.0")]}
    assert remembered(lake)["double"] == [Decimal("1.1")] and silver(lake, "delivery_costs").num_rows == 3


def test_a_column_renamed_in_case_only_opens_a_generation(tmp_path: Path) -> None:
    """One Delta table can't have `unit_a` and `Unit_A`: Spark and Athena don't tell them apart."""
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_parquet(source, [tiny.line("1", unit_a="x")], "small")
    ingest(lake, source)
    tiny.cur1_parquet(source, [tiny.line("2", Unit_A="x")], "Large")
    assert not ingest(lake, source)["refused"]
    assert [generation for _, generation in bronze_tables(open_lake(str(lake)))] == ["g1", "g2"]
    assert remembered(lake) == {"small": [Decimal(1)], "Large": [Decimal(2)]}


def test_a_column_without_a_value_takes_no_type(tmp_path: Path) -> None:
    """Parquet's null type is a column in which this delivery says nothing."""
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_parquet(
        source, [tiny.line("1", **{NET: ""})], "v1", types={"line_item_net_unblended_cost": pa.null()}
    )
    assert not ingest(lake, source)["refused"]
    assert shown(lake, "net_cost_basis") == {"2026-03": ["equals_gross"]}
    for number, net in enumerate(("1.8", "")):
        types = {} if net else {"line_item_net_unblended_cost": pa.null()}
        tiny.cur1_parquet(source, [tiny.line("2", **{NET: net})], f"w{number}", types=types)
        ingest(lake, source)
    assert [generation for _, generation in bronze_tables(open_lake(str(lake)))] == ["g1"]
    assert shown(lake, "net_unblended_cost") == {"2026-03": [Decimal(2)]}
