"""The marts with metrics, built from a small lake: sums, maps, nothing without metrics, and changed months only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.dbt_runner import run_dbt
from tests.dbt.conftest import APRIL, MAY, Built, query
from tests.dbt.small_lake import Row, line, write_lake, write_silver

METRIC_MARTS = ("metric_coverage", "resource_metrics_daily", "resource_cost_usage_daily")
ACCOUNT = "012345000045"


def metric(day: date, value: float, instance: str = "i-0a1", **changes: Any) -> Row:
    """A day of an instance's CPUUtilization."""
    row: Row = {
        "billing_period": f"{day:%Y-%m}",
        "usage_date": day,
        "grain": "day",
        "period_start": datetime(day.year, day.month, day.day, tzinfo=UTC),
        "account_id": ACCOUNT,
        "region": "sa-east-1",
        "namespace": "AWS/EC2",
        "metric_name": "CPUUtilization",
        "dimensions": [("InstanceId", instance)],
        "dimensions_text": f'{{"InstanceId":"{instance}"}}',
        "unit": "Percent",
        "minimum": value / 2,
        "maximum": value,
        "average": value * 0.75,
        "sum": value * 1080,
        "sample_count": 1440.0,
        "point_count": 1440,
        "percentiles_reason": "not_mergeable",
    }
    return row | changes


def bill() -> list[Row]:
    """Two months of two instances, one of them silent, with usage in two units."""
    used = {"pricing_unit": "Hrs", "usage_amount": Decimal(24)}
    return [
        line(APRIL, "1.1", **used),
        line(APRIL, "0.4", service="data_transfer", pricing_unit="GB", usage_amount=Decimal("2.5")),
        line(APRIL, "3", resource_id="i-0b2", resource_name="i-0b2", **used),
        line(MAY, "2.5", **used),
    ]


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    """Build a lake of these lines and metrics; a second call builds the named months only."""

    def run(lines: list[Row], metrics: list[Row], periods: list[str] | None = None, name: str = "b") -> Path:
        lake, database = tmp_path / "lake", tmp_path / f"{name}.duckdb"
        lake.mkdir(exist_ok=True)
        write_lake(lake, lines)
        write_silver(lake, "resource_metrics", metrics)
        run_dbt("build", lake_root=lake, build_db=database, changed_periods=periods)
        return database

    return run


def rows(database: Path) -> dict[str, list[tuple]]:
    return {mart: query(database, f"from marts.{mart} order by all") for mart in METRIC_MARTS}


def test_a_lake_without_any_metric_builds_and_says_why(built: Built) -> None:
    assert built.rows(
        "select distinct reason from marts.metric_coverage where resource_type = 'ec2:instance'"
    ) == [("not_enabled",)]
    assert built.rows("select count(*) from marts.resource_metrics_daily") == [(0,)]
    sums = "select sum(unblended_cost), sum(net_amortized_cost) from marts.{} where resource_id is not null"
    assert built.rows(sums.format("resource_cost_usage_daily")) == built.rows(
        sums.format("cost_by_resource_daily")
    )


def test_cost_usage_and_metrics_of_a_day_are_one_row(build: Callable[..., Path]) -> None:
    hours = metric(APRIL, 90.0, grain="hour")
    database = build(bill(), [metric(APRIL, 40.0), hours, metric(APRIL + timedelta(days=1), 50.0)])
    found = query(
        database,
        "select resource_id, service, net_amortized_cost, usage_amounts, metrics, metrics_reason "
        "from marts.resource_cost_usage_daily where billing_period = '2026-04' order by 1",
    )
    assert found == [
        ("i-0a1", "ec2", Decimal("1.5"), {"GB": Decimal("2.5"), "Hrs": Decimal(24)}, {"cpu": 40.0}, None),
        ("i-0b2", "ec2", Decimal(3), {"Hrs": Decimal(24)}, None, "not_delivered"),
    ]
    assert query(
        database,
        "select usage_date, average, maximum, point_count from marts.resource_metrics_daily order by 1",
    ) == [
        (APRIL, 30.0, 40.0, 1440),
        (APRIL + timedelta(days=1), 37.5, 50.0, 1440),
    ]


def test_coverage_says_what_was_delivered_of_each_resource(build: Callable[..., Path]) -> None:
    database = build(bill(), [metric(APRIL, 40.0), metric(MAY, 41.0)])
    found = query(
        database,
        "select billing_period, resource_id, cost_days, metric_days, match_quality, reason "
        "from marts.metric_coverage order by all",
    )
    assert found == [
        ("2026-04", "i-0a1", 1, 1, "exact_id", None),
        ("2026-04", "i-0b2", 1, 0, "none", "not_delivered"),
        ("2026-05", "i-0a1", 1, 1, "exact_id", None),
    ]


def test_changed_metrics_of_one_month_give_what_one_clean_build_gives(build: Callable[..., Path]) -> None:
    build(bill(), [metric(APRIL, 40.0), metric(MAY, 41.0)])
    corrected = [metric(APRIL, 44.0), metric(APRIL, 9.0, "i-0b2"), metric(MAY, 41.0)]
    partly = rows(build(bill(), corrected, ["2026-04"]))
    assert partly == rows(build(bill(), corrected, None, "whole"))
    assert ("not_delivered",) not in {row[-1:] for row in partly["metric_coverage"]}
