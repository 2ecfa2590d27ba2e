"""Only the changed periods are read and replaced, and the audit notices whatever was forgotten."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finlake.contracts import load_contract
from finlake.errors import AuditFailed, FinlakeError, UsageError
from pipeline.dbt_runner import NodeResult, run_dbt
from tests.dbt.conftest import APRIL, Built, query, sample_lines
from tests.dbt.small_lake import Row, line, source_totals, write_lake, write_silver

FACTS = (
    "cost_monthly",
    "cost_daily",
    "cost_by_resource_daily",
    "usage_daily",
    "tag_coverage",
    "unmapped_spend",
)
STATES = ("reconciliation", "freshness", "dim_account", "dim_service", "dim_resource")


@pytest.fixture
def rebuild(built: Built, tmp_path: Path) -> Callable[[list[Row], list[str] | None], Path]:
    """Build these lines on a copy of the shared build, as a next build does; gives the database."""

    def run(lines: list[Row], periods: list[str] | None, name: str = "next") -> Path:
        lake = tmp_path / name
        lake.mkdir(exist_ok=True)
        write_lake(lake, lines)
        database = tmp_path / f"{name}.duckdb"
        if not database.exists():
            shutil.copy(built.database, database)
        run_dbt("build", lake_root=lake, build_db=database, changed_periods=periods)
        return database

    return run


def months(period: str) -> list[Row]:
    """The sample's lines of one month."""
    return [row for row in sample_lines() if row["billing_period"] == period]


def tables(database: Path) -> dict[str, list[tuple]]:
    """Every mart's rows, sorted."""
    return {name: query(database, f"from marts.{name} order by all") for name in FACTS + STATES}


def test_a_changed_period_gives_what_one_clean_build_gives(rebuild: Callable) -> None:
    lines = [line(date(2026, 4, 9), "5.000000000007", team="web"), *months("2026-05")]
    partly = tables(rebuild(lines, ["2026-04"]))
    assert partly == tables(rebuild(lines, None, "whole"))
    assert partly["cost_monthly"][0][7] == Decimal("5.000000000007")
    assert tables(rebuild(lines, ["2026-04"])) == partly, "the same again changes nothing"


def test_a_period_without_lines_any_more_disappears(rebuild: Callable) -> None:
    database = rebuild(months("2026-04"), ["2026-05"])
    for mart in FACTS:
        assert query(database, f"from marts.{mart} where billing_period > '2026-04'") == []


def test_a_new_period_joins_the_others(rebuild: Callable) -> None:
    database = rebuild([*sample_lines(), line(date(2026, 6, 1), "3")], ["2026-06"])
    periods = query(database, "select distinct billing_period from marts.cost_daily order by 1")
    assert periods == [("2026-04",), ("2026-05",), ("2026-06",)]


def test_a_forgotten_period_fails_the_audit(rebuild: Callable) -> None:
    with pytest.raises(AuditFailed) as caught:
        rebuild([*sample_lines(), line(APRIL, "0.000000000001")], ["2026-05"])
    assert "every period reconciles to the last decimal" in caught.value.what


def test_the_smallest_difference_to_the_source_fails_the_audit(built: Built, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    write_lake(lake, [line(APRIL, "1.1")])
    told = source_totals([line(APRIL, "1.1", net_amortized_cost=Decimal("1.100000000001"))])
    write_silver(lake, "source_totals", told)
    seen: list[NodeResult] = []
    with pytest.raises(AuditFailed) as caught:
        run_dbt("build", lake_root=lake, build_db=tmp_path / "b.duckdb", progress=seen.append)
    assert "reconciliation_check_1" in caught.value.what
    assert "fail" in {node.status for node in seen}


def test_an_unreadable_lake_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(FinlakeError) as caught:
        run_dbt("build", lake_root=tmp_path, build_db=tmp_path / "b.duckdb")
    assert "could not be built" in caught.value.what
    assert "stg_billing_line_items" in caught.value.what


def test_a_wrong_period_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run_dbt("build", lake_root=tmp_path, build_db=tmp_path / "b.duckdb", changed_periods=["2026-13"])


def test_the_facts_are_those_with_a_period_partition() -> None:
    for mart in FACTS:
        assert load_contract("gold", mart).column("billing_period").partition_position == 1
