"""Whole runs for tests: from a source to published marts, in this process, and what readers then see."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.progress import Progress

from finlake.engines.duckdb import connect
from finlake.lake import open_lake
from finlake.settings import load_settings
from finlake.warehouse import Warehouse
from pipeline.steps import run_all

COSTS = ("unblended_cost", "net_unblended_cost", "blended_cost", "amortized_cost", "net_amortized_cost")


def whole_run(lake: Path, source: Path) -> dict[str, Any]:
    """`finlake run`; its account, as --json prints it."""
    return run_all(load_settings(lake=str(lake), source=str(source)), Progress(disable=True))


def published(lake: Path, query: str) -> list[tuple[Any, ...]]:
    """A query on what readers see now."""
    warehouse = Warehouse(open_lake(str(lake)))
    build = warehouse.published()
    assert build is not None
    con = connect(str(warehouse.database(build.build_id)), read_only=True, extensions=())
    try:
        con.execute("set search_path = 'marts'")
        return con.execute(query).fetchall()
    finally:
        con.close()


def monthly_groups(lake: Path, period: str) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """(account, product code, charge type) -> lines and costs of one month in the published cost_monthly."""
    sums = ", ".join(f"sum({cost})" for cost in COSTS)
    rows = published(
        lake,
        f"select account_id, product_code, charge_type, sum(line_count), {sums} from cost_monthly "
        f"where billing_period = '{period}' group by all",
    )
    return {(row[0], row[1], row[2]): row[3:] for row in rows}


def assert_monthly_equals(lake: Path, period: str, expected: dict[str, Any]) -> None:
    """The published cost_monthly equals the golden answer to 1e-9 in every group, with no group more or less."""
    found = monthly_groups(lake, period)
    wanted = {(g["account_id"], g["service"], g["charge_type"]): g for g in expected["groups"]}
    assert found.keys() == wanted.keys()
    for key, group in wanted.items():
        assert found[key][0] == group["rows"], key
        for cost, value in zip(COSTS, found[key][1:], strict=True):
            assert isinstance(value, Decimal), (key, cost)
            assert abs(value - Decimal(group[cost])) <= Decimal("1e-9"), (key, cost, value, group[cost])
