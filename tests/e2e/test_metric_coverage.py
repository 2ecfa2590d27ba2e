"""Coverage held against what is known: the golden history's idle truth, and the sample's own truth file."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.progress import Progress

from finlake.sample.generate import write_sample
from finlake.sample.plan import Request
from finlake.settings import load_settings
from pipeline.named_queries import named_queries, named_query
from pipeline.steps import run_all
from tests.e2e.whole_run import published

NO_METRICS = {"not_delivered", "not_enabled"}
SAMPLE_REASONS = {
    "no stream in the account and region": {"not_enabled"},
    "nothing of this resource was delivered": {"not_delivered"},
    "AWS sends nothing while nothing happens": NO_METRICS,
}


def loaded(lake: Path, source: Path, metrics: Path) -> Path:
    settings = load_settings(lake=str(lake), source=str(source), metrics_source=str(metrics))
    run_all(settings, Progress(disable=True))
    return lake


def coverage(lake: Path, period: str) -> dict[str, dict[str, Any]]:
    """Resource -> its row of the month."""
    columns = ("resource_id", "resource_type", "match_quality", "reason", "metric_days", "cost_days")
    sql = f"select {', '.join(columns)} from metric_coverage where billing_period = '{period}'"
    rows = [dict(zip(columns, row, strict=True)) for row in published(lake, sql)]
    return {row["resource_id"]: row for row in rows}


@pytest.fixture(scope="module")
def golden(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]]]:
    """The last three golden months of history with their metric streams, and what is true of each resource."""
    history = shared_data / "golden" / "history"
    folder = tmp_path_factory.mktemp("golden")
    for kind in ("data", "metadata"):
        for month in ("2026-02", "2026-03", "2026-04"):
            place = f"exports/finops-history/{kind}/BILLING_PERIOD={month}"
            shutil.copytree(history / place, folder / place)
    with (history / "truth" / "idle.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    lake = loaded(folder / "lake", folder / "exports", history / "metric_streams")
    return lake, truth


def test_golden_resources_without_a_verdict_are_those_that_coverage_names(
    golden: tuple[Path, list[dict[str, str]]],
) -> None:
    lake, truth = golden
    found = coverage(lake, "2026-04")
    cases = {each["resource"]: each["case"] for each in truth if each["resource"] in found}
    told = {resource: found[resource]["reason"] for resource in cases}
    assert {r for r, reason in told.items() if reason == "too_young"} == {
        r for r, case in cases.items() if case == "young"
    }
    missing = {r for r, case in cases.items() if case == "missing"}
    assert len(missing) == 10 and {told[r] for r in missing} <= NO_METRICS
    unsent = {r for r, reason in told.items() if reason in NO_METRICS} - missing
    idle = {each["resource"]: each for each in truth}
    assert {(idle[r]["kind"], idle[r]["case"]) for r in unsent} == {
        ("ebs", "unattached"),
        ("cloudfront", "idle"),
    }
    unknown = {idle[r]["kind"] for r, reason in told.items() if reason == "no_metrics_known"}
    assert unknown == {"eip"}, "CloudWatch has no metrics of addresses"


def test_golden_metrics_reach_every_other_resource_for_the_whole_month(
    golden: tuple[Path, list[dict[str, str]]],
) -> None:
    lake, truth = golden
    found = coverage(lake, "2026-04")
    measured = [found[each["resource"]] for each in truth if each["resource"] in found]
    measured = [row for row in measured if row["reason"] is None]
    assert len(measured) > 400
    assert {row["match_quality"] for row in measured} == {"exact_id", "name_in_scope"}
    assert all(row["metric_days"] >= 28 for row in measured)


def test_golden_zeros_are_those_of_idle_load_balancers(golden: tuple[Path, list[dict[str, str]]]) -> None:
    lake, truth = golden
    sql = "select distinct resource_id, metric from resource_metrics_daily where basis = 'documented_zero'"
    idle = {each["resource"] for each in truth if each["kind"] == "elb" and each["is_idle"] == "true"}
    assert set(published(lake, sql)) == {(resource, "requests") for resource in idle}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder / "sample", Request(7, 3, "2026-10"))
    lake = loaded(folder / "lake", folder / "sample", folder / "sample" / "metrics")
    truth = json.loads((folder / "sample" / "truth.json").read_text(encoding="utf-8"))
    yield lake, truth["metrics"]["resources"]


def test_the_sample_is_covered_as_its_truth_file_says(sample: tuple[Path, list[dict[str, Any]]]) -> None:
    lake, truth = sample
    found = coverage(lake, "2026-10")
    for each in truth:
        row = found[each["resource_id"]]
        if not each["has_metrics"]:
            assert row["reason"] in SAMPLE_REASONS[each["why_none"]], each
        else:
            assert row["metric_days"] > 0, each
            assert row["reason"] == ("too_young" if each["is_new"] else None), each


def test_a_day_on_which_a_stream_was_quiet_is_a_documented_zero(
    sample: tuple[Path, list[dict[str, Any]]],
) -> None:
    lake, _ = sample
    sql = (
        "select distinct resource_type, metric, dayofweek(usage_date) from resource_metrics_daily "
        "where basis = 'documented_zero' order by all"
    )
    sunday, saturday = 0, 6
    balancer, stream = "elasticloadbalancing:loadbalancer", "kinesis:stream"
    assert published(lake, sql) == [
        (balancer, "requests", sunday),
        *[(stream, metric, day) for metric in ("incoming", "reads") for day in (sunday, saturday)],
    ]


@pytest.mark.parametrize("name", sorted(named_queries()))
def test_every_named_query_answers_on_the_sample(
    name: str, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    """Each has an answer in the sample, but for the question to which the right answer is nothing."""
    rows = published(sample[0], named_query(name).sql(gold="", silver="silver."))
    assert bool(rows) == (name != "unmapped_products"), rows[:3]


def test_named_queries_agree_with_each_other(sample: tuple[Path, list[dict[str, Any]]]) -> None:
    """The month's bill is the same by account and by service, and its parts are those of usage and of the rest."""

    def asked(name: str) -> list[tuple[Any, ...]]:
        return published(sample[0], named_query(name).sql(gold="", silver="silver."))

    by_account = sum(row[5] for row in asked("bill_by_account") if row[3] == "USD")
    by_service = sum(row[5] for row in asked("cost_by_service") if row[4] == "USD")
    by_region = sum(row[3] for row in asked("cost_by_region") if row[2] == "USD")
    assert by_account == by_service == by_region > 0
    by_team, by_env = (
        {(row[0], row[2]): Decimal(0) for row in asked(name)}
        for name in ("cost_by_team", "cost_by_environment")
    )
    for totals, name in ((by_team, "cost_by_team"), (by_env, "cost_by_environment")):
        for month, _, currency, cost in asked(name):
            totals[month, currency] += cost
    assert by_team == by_env
    assert all(row[7] for row in asked("reconciliation_proof"))
    changes = [row for row in asked("month_over_month") if row[0] == "2026-10" and row[4] == "USD"]
    assert sum(row[5] for row in changes) == by_account
