"""A small lake with real Delta tables and a real build: two payers (USD, BRL), one month, sound marts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from expectations import CheckResult, run
from finlake.contracts import all_contracts, arrow_schema, duckdb_types, load_contract
from finlake.engines.duckdb import connect

PERIOD = "2026-03"
DAY = date(2026, 3, 4)
NOW = datetime(2026, 4, 1, 6, tzinfo=UTC)
DEFAULTS: dict[str, Any] = {"string": "x", "bigint": 1, "boolean": True, "date": DAY, "timestamp": NOW}
COSTS = ("unblended_cost", "net_unblended_cost", "blended_cost", "amortized_cost", "net_amortized_cost")
BUILD = "build.duckdb"


def line(payer: str, currency: str, service: str, cost: str, **more: Any) -> dict[str, Any]:
    """A silver bill line on which every view of cost is the same."""
    own = {"export_id": f"export-{payer}", "delivery_id": f"delivery-{payer}", "payer_id": payer}
    row = {"account_id": "012345678901", "currency": currency, "service": service, "product_code": service}
    fixed = {"billing_period": PERIOD, "charge_category": "Usage", "charge_frequency": "Usage-Based"}
    kinds = {"charge_type": "Usage", "source_format": "cur2", "net_cost_basis": "equals_gross"}
    kinds |= {"gross_cost_basis": "delivered"}
    flags = {"is_split_line": False, "resource_id": "i-1", "service_name": service.upper()}
    return own | row | fixed | kinds | flags | {name: Decimal(cost) for name in COSTS} | more


LINES = [
    line("111111111111", "USD", "ec2", "10.01"),
    line("111111111111", "USD", "s3", "0.000000000001", charge_type=None),
    line("222222222222", "BRL", "ec2", "55.5"),
]


def silver_rows(lines: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """All silver tables that belong to these lines."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in lines:
        groups.setdefault((row["payer_id"], row["currency"]), []).append(row)
    totals = [
        {**rows[0], "line_count": len(rows), **{name: sum(r[name] for r in rows) for name in COSTS}}
        for rows in groups.values()
    ]
    keys = {row["payer_id"]: row for row in lines}.values()
    return {
        "billing_line_items": lines,
        "source_totals": totals,
        "billing_authority": [{**row, "reason": "first", "decided_at": NOW} for row in keys],
        "deliveries": [{**row, "state": "loaded", "is_current": True} for row in keys],
        "delivery_costs": [{**row, "is_closing_line": False} for row in lines],
        "resource_metrics": [],
        **{name: [] for name in ("scoring_runs", "forecasts", "anomalies", "anomaly_labels", "patterns")},
    }


def complete(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows with every column of the contract: required ones filled, the others null where not given."""
    contract = load_contract("silver", table)
    blank = {
        column.name: DEFAULTS.get(column.physical_type, Decimal(0)) if column.required else None
        for column in contract.columns
    }
    names = set(contract.column_names)
    whole = [{**blank, **{k: v for k, v in row.items() if k in names}} for row in rows]
    return pa.Table.from_pylist(whole, schema=arrow_schema(contract))


def write_silver(lake: Path, lines: list[dict[str, Any]]) -> None:
    """(Re)write the silver Delta tables of the lake."""
    for table, rows in silver_rows(lines).items():
        write_deltalake(str(lake / "silver" / table), complete(table, rows), mode="overwrite")


def write_marts(lake: Path) -> None:
    """Marts of the lake's silver, by plain SQL: enough for the checks to have something true to look at."""
    with connect(str(lake / BUILD)) as con:
        con.execute("create schema marts")
        con.execute(f"create temp view lines as from delta_scan('{lake}/silver/billing_line_items')")
        for contract in all_contracts():
            if contract.layer == "gold":
                columns = ", ".join(f'"{name}" {kind}' for name, kind in duckdb_types(contract).items())
                con.execute(f"create table marts.{contract.name} ({columns})")
        fill_marts(con)


def fill_marts(con: duckdb.DuckDBPyConnection) -> None:
    """Sums of the view `lines` into the marts."""
    sums = ", ".join(f"sum({name}) as {name}" for name in COSTS) + ", count(*) as line_count"
    groups = {
        "cost_monthly": "billing_period, payer_id, account_id, product_code, service_name, charge_type, "
        "currency",
        "cost_daily": "billing_period, usage_date, payer_id, account_id, service, service_name, "
        "service_category, charge_category, currency",
        "cost_by_resource_daily": "billing_period, usage_date, payer_id, account_id, service, service_name, "
        "service_category, charge_category, resource_id, currency",
        "usage_daily": "billing_period, usage_date, payer_id, account_id, service, service_category, "
        "resource_id, charge_category, charge_frequency, currency",
    }
    for mart, group in groups.items():
        con.execute(f"insert into marts.{mart} by name select {group}, {sums} from lines group by all")
    months = "min(billing_period) as first_billing_period, max(billing_period) as last_billing_period"
    days = "min(usage_date) as first_usage_date, max(usage_date) as last_usage_date"
    for statement in (
        f"dim_account by name select payer_id, account_id, false as is_payer, {months} "
        "from lines group by all",
        f"dim_service by name select service, service_name, service_category, true as is_mapped, {months} "
        "from lines group by all",
        "dim_resource by name select payer_id, account_id, resource_id, any_value(service) as service, "
        f"any_value(service_name) as service_name, {days} from lines group by all",
        "resource_cost_usage_daily by name select billing_period, usage_date, payer_id, account_id, resource_id, "
        "currency, min(service) as service, sum(unblended_cost) as unblended_cost, count(*) as line_count, "
        "sum(net_amortized_cost) as net_amortized_cost, 'not_delivered' as metrics_reason "
        "from lines where resource_id is not null group by all",
        "metric_coverage by name select billing_period, payer_id, account_id, resource_id, currency, "
        "min(service) as service, sum(unblended_cost) as unblended_cost, 0 as metric_days, 0 as metric_count, "
        f"sum(net_amortized_cost) as net_amortized_cost, {days}, count(distinct usage_date) as cost_days, "
        "'none' as match_quality, 'not_enabled' as reason from lines where resource_id is not null group by all",
        "reconciliation by name select billing_period, payer_id, currency, measure, total as source_total, "
        "total as silver_total, total as cost_monthly_total, total as cost_daily_total, "
        "total as cost_by_resource_daily_total, total as usage_daily_total, true as is_reconciled, 'delivered' as total_basis "
        "from (select billing_period, payer_id, currency, "
        "'unblended_cost' as measure, sum(unblended_cost) as total from lines group by all)",
    ):
        con.execute(f"insert into marts.{statement}")


@pytest.fixture(scope="session")
def sound_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake as it should be, its build in `build.duckdb`; tests change copies of it."""
    lake = tmp_path_factory.mktemp("sound")
    write_silver(lake, LINES)
    write_marts(lake)
    return lake


@pytest.fixture
def lake(sound_lake: Path, tmp_path: Path) -> Path:
    """A copy of the sound lake."""
    return Path(shutil.copytree(sound_lake, tmp_path / "lake"))


def change(lake: Path, statement: str) -> None:
    """Run one statement on the build."""
    with duckdb.connect(str(lake / BUILD)) as con:
        con.execute(statement)


def check(lake: Path, *tables: str, periods: list[str] | None = None) -> list[CheckResult]:
    """Results of the tables (all when none is named), the same as when Great Expectations judges every table."""
    results = run(lake / BUILD, lake, tables or None, periods)
    with patch("expectations.runner.nothing_found", return_value=False):
        judged = run(lake / BUILD, lake, tables or None, periods)
    assert list(map(in_some_order, results)) == list(map(in_some_order, judged))
    return results


def in_some_order(result: CheckResult) -> CheckResult:
    """A result whose evidence doesn't depend on the order in which an engine shows rows."""
    return replace(result, evidence_rows=sorted(result.evidence_rows, key=str))


def failed(results: list[CheckResult]) -> dict[str, CheckResult]:
    """Failed checks by `table/check`."""
    return {f"{result.table}/{result.check}": result for result in results if not result.passed}
