"""The cost plan: prices and factors say where they are from, and the sum is what they give."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tools.plan_cost import (
    TERRAFORM,
    Choice,
    Item,
    Price,
    factors_of,
    main,
    parsed,
    plan,
    prices_of,
    read,
    rows_of,
    volumes,
)

PRICES, FACTORS = read("prices.yml"), read("cost_factors.yml")
SMALL = Choice(Decimal(1))


def items(choice: Choice, **changed: str) -> dict[str, Item]:
    found = plan(choice, prices_of(PRICES, choice.region), factors_of(FACTORS, changed))
    return {f"{item.group}: {item.what}": item for item in found}


def total(choice: Choice, **changed: str) -> Decimal:
    return sum((item.usd for item in items(choice, **changed).values() if item.counted), Decimal(0))


@pytest.mark.parametrize("name", sorted(PRICES["prices"]))
def test_a_price_says_its_page_and_whether_it_was_seen(name: str) -> None:
    entry = PRICES["prices"][name]
    assert entry["page"].startswith("https://aws.amazon.com/") and entry["unit"]
    regions = set(entry) - {"page", "unit"}
    assert "us-east-1" in regions and regions <= set(PRICES["regions"])
    for region in regions:
        assert entry[region]["status"] in ("seen", "assumed") and Decimal(entry[region]["usd"]) > 0


@pytest.mark.parametrize("group", ["measured", "assumed"])
def test_a_factor_says_where_it_is_from(group: str) -> None:
    assert {
        name: e for name, e in FACTORS[group].items() if len(e["from"]) < 10 or Decimal(str(e["value"])) <= 0
    } == {}


def test_every_factor_and_price_is_used() -> None:
    class Seen(dict[str, Any]):
        used: set[str]

        def __getitem__(self, key: str) -> Any:
            self.used.add(key)
            return super().__getitem__(key)

    prices, factors = Seen(prices_of(PRICES, "us-east-1")), Seen(factors_of(FACTORS, {}))
    prices.used, factors.used = set(), set()
    for runner in ("task", "airflow"):
        for engine in ("duckdb", "spark"):
            plan(replace(SMALL, runner=runner, engine=engine), prices, factors)
    assert set(prices) - prices.used == set() and set(factors) - factors.used == set()


def test_what_is_not_seen_in_a_region_counts_as_assumed() -> None:
    here, there = prices_of(PRICES, "us-east-1"), prices_of(PRICES, "sa-east-1")
    assert there["s3_gb_month"] == Price(
        Decimal("0.0405"), "GB-month", True, "https://aws.amazon.com/s3/pricing/"
    )
    assert there["athena_tb"].usd == here["athena_tb"].usd * Decimal("1.8") and not there["athena_tb"].seen
    with pytest.raises(KeyError):
        prices_of(PRICES, "mars-1")


def test_bronze_keeps_every_delivery() -> None:
    """By hand: 1M lines, 60 deliveries of half a month on average and 5 whole ones, 100 bytes, 13 months."""
    bronze = items(SMALL, export_bytes_per_line="100")["S3: bronze: every delivery kept"]
    assert bronze.quantity == Decimal(10**6) * 35 * 100 / 10**9 * 13
    assert bronze.usd == Decimal("45.5") * Decimal("0.023")


def test_twice_the_lines_double_what_grows_with_them_and_nothing_else() -> None:
    one, two = items(SMALL), items(replace(SMALL, lines=Decimal(2)))
    for name in (
        "S3: silver, with replaced files",
        "S3: builds of the marts, with replaced ones",
        "Athena: people's queries",
    ):
        assert two[name].quantity == 2 * one[name].quantity
    for name in ("KMS: key", "DynamoDB: ledger, writes", "CloudWatch: alarms"):
        assert two[name].quantity == one[name].quantity
    assert total(SMALL) < total(replace(SMALL, lines=Decimal(2))) < 2 * total(SMALL)


def test_airflow_is_there_all_the_time_and_takes_the_task_s_place() -> None:
    task, airflow = items(SMALL), items(replace(SMALL, runner="airflow"))
    assert not any(name.startswith("Fargate") for name in airflow)
    assert not any(name.startswith("Airflow") for name in task)
    assert airflow["Airflow on ECS: vCPU"].usd == 730 * 2 * Decimal("0.04048")


def test_a_comparison_is_not_in_the_total() -> None:
    found = items(SMALL)
    mwaa = found["for comparison: MWAA, mw1.small, instead"]
    assert mwaa.usd == Decimal("357.70") and not mwaa.counted
    text = list(rows_of(list(found.values())))
    assert text[-1].split()[-1] == f"{total(SMALL):,.2f}" and "(357.70)" in text[-2]


def test_spark_and_athena_bring_their_own_items() -> None:
    spark = items(replace(SMALL, engine="spark"))
    assert spark["EMR Serverless: memory"].quantity == 4 * spark["EMR Serverless: vCPU"].quantity
    assert "Athena: builds of the marts" in items(SMALL)
    assert "Athena: builds of the marts" not in items(replace(SMALL, warehouse="duckdb"))


def test_what_is_planned_by_default_is_what_terraform_sets() -> None:
    stack = (TERRAFORM / "modules/stack/main.tf").read_text(encoding="utf-8")
    assert f'FINLAKE_TARGET     = "{SMALL.warehouse}"' in stack
    assert parsed([]).warehouse == SMALL.warehouse


def test_a_build_on_athena_adds_a_month_and_one_of_duckdb_is_whole() -> None:
    """By hand: 1M lines, 20 bytes, 13 months, 4 builds, 65 deliveries that can be brought back for 30 days."""
    factors = factors_of(FACTORS, {"build_bytes_per_line": "20"})
    assert volumes(replace(SMALL, warehouse="duckdb"), factors)["builds"] == Decimal("0.02") * 13 * (4 + 65)
    assert volumes(SMALL, factors)["builds"] == Decimal("0.02") * (13 + 4 + 65)


def test_each_statement_of_a_build_costs_ten_megabytes_at_least() -> None:
    least = items(SMALL, statements_per_build="100")["Athena: builds: what each statement costs at least"]
    assert least.quantity == Decimal(65) * 100 * 10 / 10**6 and least.usd == least.quantity * 5


def test_no_month_is_kept_twice() -> None:
    v = volumes(SMALL, factors_of(FACTORS, {"undo_days": "0.000001", "vacuum_days": "0.000001"}))
    one_month = Decimal(10**6) * Decimal(str(FACTORS["measured"]["silver_bytes_per_line"]["value"])) / 10**9
    assert abs(v["silver"] - 13 * one_month) < Decimal("0.001")


def test_the_command_prints_all_assumptions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lines", "5", "--region", "sa-east-1", "--set", "queries=10"]) == 0
    said = capsys.readouterr().out
    assert "5 million lines" in said and "queries = 10 (changed)" in said and "Not in the plan" in said
    assert all(name in said for group in ("measured", "assumed") for name in FACTORS[group])
    assert "*" in said and "https://aws.amazon.com/athena/pricing/" in said


@pytest.mark.parametrize("wrong", [["--set", "nothing=1"], ["--set", "queries=many"], ["--set", "queries"]])
def test_a_factor_that_there_is_not_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 2
    assert "cost_factors.yml" in capsys.readouterr().err


@pytest.mark.parametrize("lines", ["0", "-1", "nan"])
def test_a_bill_has_lines(lines: str) -> None:
    with pytest.raises(SystemExit):
        main(["--lines", lines])
