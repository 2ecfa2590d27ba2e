"""A full build over real Delta tables: every mart, to the last decimal, in the shape of its contract."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlglot import exp

from finlake.contracts import all_contracts, duckdb_types
from finlake.paths import DBT_DIR
from pipeline.dbt_runner import run_dbt
from tests.dbt.conftest import Built

GOLD = [contract for contract in all_contracts() if contract.layer == "gold"]
FACTS = ("cost_monthly", "cost_daily", "cost_by_resource_daily", "usage_daily")


def test_everything_passed_unit_tests_included(built: Built) -> None:
    statuses = {node.status for node in built.result.nodes}
    assert statuses == {"success", "pass"}
    unit_tests = [node for node in built.result.nodes if node.kind == "unit_test"]
    written = sum(
        text.count("\n  - name: ")
        for text in (path.read_text(encoding="utf-8") for path in DBT_DIR.rglob("*.unit.yml"))
    )
    assert len(unit_tests) == written > 10


@pytest.mark.parametrize("contract", GOLD, ids=lambda contract: contract.name)
def test_a_mart_has_the_columns_of_its_contract(built: Built, contract) -> None:
    found = built.rows(
        "select column_name, data_type from information_schema.columns "
        f"where table_schema = 'marts' and table_name = '{contract.name}' order by ordinal_position"
    )
    wanted = {name: exp.DataType.build(kind, "duckdb") for name, kind in duckdb_types(contract).items()}
    assert {name: exp.DataType.build(kind, "duckdb") for name, kind in found} == wanted


def test_no_view_is_left_that_renaming_the_file_would_break(built: Built) -> None:
    assert built.rows("select view_name from duckdb_views() where not internal") == []


def test_only_marts_are_in_the_schema_that_readers_see(built: Built) -> None:
    tables = built.rows(
        "select table_name, table_type from information_schema.tables where table_schema = 'marts'"
    )
    assert sorted(tables) == sorted((contract.name, "BASE TABLE") for contract in GOLD)


@pytest.mark.parametrize("mart", FACTS)
def test_each_mart_sums_to_the_bill(built: Built, mart: str) -> None:
    found = built.rows(
        "select billing_period, currency, sum(unblended_cost), sum(amortized_cost), sum(line_count) "
        f"from marts.{mart} group by all order by all"
    )
    assert found == [
        ("2026-04", "BRL", Decimal(7), Decimal(7), 1),
        ("2026-04", "USD", Decimal("1.330000000001"), Decimal("1.330000000001"), 5),
        ("2026-05", "USD", Decimal("2.5"), Decimal("1.5"), 1),
    ]


def test_the_reconciliation_grain(built: Built) -> None:
    found = built.rows(
        "select account_id, product_code, charge_type, unblended_cost, list_cost, line_count "
        "from marts.cost_monthly where billing_period = '2026-04' and currency = 'USD' order by charge_type"
    )
    assert found == [
        ("012345000045", "AmazonEC2", "Credit", Decimal("-0.1"), None, 1),
        ("012345000045", "AmazonEC2", "Tax", Decimal("0.33"), None, 1),
        ("012345000045", "AmazonEC2", "Usage", Decimal("1.100000000001"), Decimal("1.100000000001"), 3),
    ]


def test_everything_reconciles(built: Built) -> None:
    rows = built.rows(
        "select billing_period, currency, count(*), bool_and(is_reconciled) from marts.reconciliation "
        "group by all order by all"
    )
    assert rows == [("2026-04", "BRL", 6, True), ("2026-04", "USD", 6, True), ("2026-05", "USD", 6, True)]


def test_small_marts(built: Built) -> None:
    assert built.rows("select product_code, unblended_cost, share_of_period from marts.unmapped_spend") == [
        ("odd", Decimal("2.5"), 1.0)
    ]
    assert built.rows("select account_id, account_name from marts.dim_account") == [
        ("012345000045", "Acme shop")
    ]
    assert built.rows("select service from marts.dim_service where not is_mapped") == [("unmapped",)]
    assert len(built.rows("from marts.dim_resource")) == 2
    shares = built.rows("select billing_period, currency, final_share from marts.freshness order by all")
    assert shares == [
        ("2026-04", "BRL", 0.0),
        ("2026-04", "USD", pytest.approx(1.1 / 1.330000000001)),
        ("2026-05", "USD", 0.0),
    ]


def test_instants_are_utc_whatever_the_machine_says(built: Built) -> None:
    found = built.rows("select distinct strftime(delivered_at, '%Y-%m-%d %H:%M') from marts.freshness")
    assert found == [("2026-05-01 04:40",)]


def test_what_dbt_writes_lies_in_the_cache_of_the_lake(built: Built) -> None:
    assert (built.lake / "cache" / "dbt" / "logs" / "dbt.log").is_file()
    assert (built.lake / "cache" / "dbt" / "target" / "compiled").is_dir()


def test_docs_are_generated(built: Built) -> None:
    run_dbt(["docs", "generate"], lake_root=built.lake, build_db=built.database)
    catalogue = (built.lake / "cache" / "dbt" / "target" / "catalog.json").read_text(encoding="utf-8")
    assert "cost_by_resource_daily" in catalogue
