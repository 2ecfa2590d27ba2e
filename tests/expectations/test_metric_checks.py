"""The hand-written checks of the marts with metrics notice a lost cent, a lost resource and an invented metric."""

from __future__ import annotations

from pathlib import Path

from tests.expectations.conftest import change, check, failed

METRIC = (
    "insert into marts.resource_metrics_daily by name select '2026-03' as billing_period, date '2026-03-04' as usage_date, "
    "'p' as payer_id, 'a' as account_id, 'i-1' as resource_id, 'r' as region, 'ec2:instance' as resource_type, "
    "'AWS/EC2' as namespace, 'cpu' as metric, 'CPUUtilization' as metric_name, 'Maximum' as statistic, "
    "1 as metric_value, 1 as total, 1 as sample_count, 1 as point_count, '{basis}' as basis"
)


def test_a_cost_that_metrics_doubled_is_caught(lake: Path) -> None:
    change(lake, "update marts.resource_cost_usage_daily set net_amortized_cost = 2 * net_amortized_cost")
    found = failed(check(lake, "resource_cost_usage_daily", "cost_by_resource_daily"))
    assert [name for name in found if "sums to" in name] == [
        "resource_cost_usage_daily/business: resource_cost_usage_daily sums to cost_by_resource_daily on each day"
        " in each currency"
    ]


def test_a_resource_without_coverage_is_caught(lake: Path) -> None:
    change(lake, "delete from marts.metric_coverage where currency = 'BRL'")
    found = failed(check(lake, "metric_coverage", "cost_by_resource_daily"))
    (name,) = [name for name in found if "business" in name]
    assert found[name].stops and found[name].observed == "1 offending row"


def test_a_metric_that_nobody_delivered_is_caught(lake: Path) -> None:
    change(lake, METRIC.format(basis="delivered"))
    found = failed(check(lake, "resource_metrics_daily", "resource_metrics"))
    name = "resource_metrics_daily/business: no metric without points that were delivered"
    assert found[name].evidence_rows[0]["metric_name"] == "CPUUtilization"


def test_a_documented_zero_with_points_is_caught(lake: Path) -> None:
    change(lake, METRIC.format(basis="documented_zero"))
    found = failed(check(lake, "resource_metrics_daily", "resource_metrics"))
    assert any("documented zero" in name for name in found)
