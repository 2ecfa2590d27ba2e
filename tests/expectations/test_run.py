"""Suites derived from the contracts and business checks, run by Great Expectations on a real lake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from expectations import run
from finlake.engines.duckdb import connect
from finlake.errors import NotFound
from tests.expectations.conftest import BUILD, LINES, change, check, failed, line, write_silver


def test_a_sound_lake_passes_every_check(lake: Path) -> None:
    results = check(lake)
    assert failed(results) == {}
    assert len(results) > 200
    names = {(result.table, result.check) for result in results}
    assert ("billing_line_items", "not_null: payer_id") in names
    assert ("cost_daily", "one_of: charge_category") in names
    assert ("reconciliation", "business: every difference is exactly 0") in names


def test_a_duplicate_is_caught(lake: Path) -> None:
    change(lake, "insert into marts.dim_account from marts.dim_account limit 1")
    found = failed(check(lake, "dim_account"))
    assert list(found) == ["dim_account/unique: payer_id, account_id"]
    result = found["dim_account/unique: payer_id, account_id"]
    assert result.stops and result.observed == "1 offending row"
    assert result.evidence_rows[0]["row_count"] == 2


def test_a_duplicate_whose_key_has_a_null_is_caught(lake: Path) -> None:
    change(lake, "insert into marts.cost_monthly from marts.cost_monthly where charge_type is null")
    keys = [name for name in failed(check(lake, "cost_monthly")) if "unique" in name]
    assert len(keys) == 1


def test_a_repeated_value_of_a_unique_column_is_caught(lake: Path) -> None:
    write_silver(lake, [*LINES, line("333333333333", "USD", "s3", "1", delivery_id="delivery-111111111111")])
    assert "deliveries/unique: delivery_id" in failed(check(lake, "deliveries"))


def test_a_null_is_caught_and_shown(lake: Path) -> None:
    change(lake, "update marts.cost_daily set payer_id = null where service = 's3'")
    found = failed(check(lake, "cost_daily"))
    assert list(found) == ["cost_daily/not_null: payer_id"]
    assert found["cost_daily/not_null: payer_id"].evidence_rows[0]["service"] == "s3"


def test_a_bad_enum_is_caught(lake: Path) -> None:
    change(lake, "update marts.cost_daily set charge_category = 'Rent' where service = 's3'")
    found = failed(check(lake, "cost_daily"))
    assert found["cost_daily/one_of: charge_category"].evidence_rows == [
        {"charge_category": "Rent", "row_count": 1}
    ]


def test_a_quality_query_of_the_contract_shows_its_rows(lake: Path) -> None:
    write_silver(lake, [*LINES, line("111111111111", "USD", "eks", "7", is_split_line=True)])
    found = failed(check(lake, "billing_line_items"))
    result = found["billing_line_items/quality: a split row carries no cost of its own"]
    assert result.stops and result.evidence_rows[0]["product_code"] == "eks"


def test_currencies_that_are_mixed_are_caught(lake: Path) -> None:
    change(lake, "update marts.cost_monthly set currency = 'USD' where currency = 'BRL'")
    tables = ("billing_line_items", "billing_authority", "cost_monthly")
    found = failed(check(lake, *tables))
    result = found["cost_monthly/business: cost_monthly sums to silver in each currency"]
    assert result.stops
    assert {row["currency"] for row in result.evidence_rows} == {"USD", "BRL"}


def test_two_currencies_in_a_payers_month_are_told(lake: Path) -> None:
    change(lake, "update marts.cost_monthly set currency = 'EUR' where product_code = 's3'")
    result = failed(check(lake, "cost_monthly"))[
        "cost_monthly/business: a payer's month is billed in one currency"
    ]
    assert result.severity == "warning" and not result.stops


@pytest.mark.parametrize("difference", ["0.01", "0.000000000001"])
def test_one_cent_and_one_last_decimal_are_caught(lake: Path, difference: str) -> None:
    change(
        lake,
        f"update marts.cost_daily set unblended_cost = unblended_cost + {difference} where service = 's3'",
    )
    tables = ("cost_daily", "cost_by_resource_daily", "billing_line_items", "billing_authority")
    found = failed(check(lake, *tables))
    result = found["cost_daily/business: cost_daily sums to silver on each day in each currency"]
    assert result.stops
    assert [row["unblended_difference"] for row in result.evidence_rows] == [Decimal(difference)]
    other = "cost_by_resource_daily sums to cost_daily on each day in each currency"
    assert f"cost_by_resource_daily/business: {other}" in found


def test_a_difference_in_reconciliation_stops(lake: Path) -> None:
    change(
        lake,
        "update marts.reconciliation set cost_daily_total = cost_daily_total + 0.01 where currency = 'BRL'",
    )
    result = failed(check(lake, "reconciliation"))["reconciliation/business: every difference is exactly 0"]
    assert result.stops and result.evidence_rows[0]["payer_id"] == "222222222222"


def test_a_month_that_is_missing_from_reconciliation_stops(lake: Path) -> None:
    change(lake, "delete from marts.reconciliation where currency = 'BRL'")
    found = failed(check(lake, "reconciliation", "cost_monthly"))
    assert found["reconciliation/business: every published month is reconciled"].stops


def test_a_negation_that_leaves_something_over_is_told(lake: Path) -> None:
    plan = {"commitment_id": "arn:plan", "commitment_type": "Savings Plan"}
    covered = line("111111111111", "USD", "ec2", "0.17", **plan)
    write_silver(lake, [*LINES, covered, line("111111111111", "USD", "ec2", "-0.17", **plan)])
    name = "billing_line_items/business: a Savings Plan's covered usage and its negation cancel out"
    assert name not in failed(check(lake, "billing_line_items"))
    write_silver(lake, [*LINES, covered, line("111111111111", "USD", "ec2", "-0.16", **plan)])
    result = failed(check(lake, "billing_line_items"))[name]
    assert not result.stops and result.evidence_rows[0]["left_over"] == Decimal("0.01")


def test_lines_of_a_delivery_that_is_not_current_stop(lake: Path) -> None:
    write_silver(lake, [*LINES, line("111111111111", "USD", "ec2", "1", delivery_id="other")])
    found = failed(check(lake, "billing_line_items", "deliveries"))
    assert found["billing_line_items/business: silver holds current deliveries only"].stops


def test_a_column_that_is_not_in_the_contract_is_named(lake: Path) -> None:
    change(lake, "alter table marts.dim_account rename column account_name to nickname")
    result = failed(check(lake, "dim_account"))["dim_account/columns"]
    assert result.observed == "missing: ['account_name']; not in the contract: ['nickname']"


def test_a_check_on_a_missing_column_fails_and_says_so(lake: Path) -> None:
    change(lake, "alter table marts.dim_account drop column is_payer")
    result = failed(check(lake, "dim_account"))["dim_account/not_null: is_payer"]
    assert result.stops and result.observed.startswith("could not be evaluated")


def test_only_the_periods_asked_for_are_looked_at(lake: Path) -> None:
    change(lake, "update marts.cost_daily set payer_id = null")
    assert failed(check(lake, "cost_daily", periods=["2026-02"])) == {}
    assert failed(check(lake, "cost_daily", periods=["2026-02", "2026-03"]))


def test_unknown_and_missing_tables_are_named(lake: Path) -> None:
    with pytest.raises(NotFound, match="'cost_yearly' has no contract"):
        check(lake, "cost_yearly")
    change(lake, "drop table marts.cost_daily")
    with pytest.raises(NotFound, match=r"marts\.cost_daily can't be read"):
        check(lake, "cost_daily")
    with pytest.raises(NotFound, match="no such build database"):
        run(lake / "none.duckdb", lake)


def test_an_open_connection_is_left_as_it_was(lake: Path) -> None:
    with connect(str(lake / BUILD)) as con:
        before = con.execute("select database_name from duckdb_databases() order by 1").fetchall()
        assert failed(run(con, lake, ["cost_daily", "deliveries"])) == {}
        assert failed(run(con, lake, ["cost_daily"])) == {}
        assert con.execute("select database_name from duckdb_databases() order by 1").fetchall() == before
        assert con.execute("select count(*) from marts.cost_daily").fetchone() == (3,)


def test_results_are_json(lake: Path) -> None:
    change(lake, "update marts.cost_daily set unblended_cost = 7, payer_id = null")
    for result in check(lake, "cost_daily", "billing_line_items", "billing_authority"):
        assert json.loads(json.dumps(result.as_dict()))["table"] == result.table


SILENT = """
import socket, sys
def refuse(*a, **k): raise SystemExit("network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
import expectations
assert "great_expectations" not in sys.modules
results = expectations.run(sys.argv[1], sys.argv[2], ["cost_daily", "reconciliation"])
assert results and all(r.passed for r in results)
assert "great_expectations" not in sys.modules, "nothing was found: there is nothing to judge"
import expectations.runner
expectations.runner.nothing_found = lambda *a: False
judged = expectations.run(sys.argv[1], sys.argv[2], ["cost_daily", "reconciliation"])
assert judged == results and "great_expectations" in sys.modules
"""


def test_nothing_is_written_sent_or_printed(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    before = sorted(path for path in lake.rglob("*"))
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", SILENT, str(lake / BUILD), str(lake)],
        cwd=home, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert list(home.rglob("*")) == []
    assert sorted(path for path in lake.rglob("*")) == before


def test_the_build_is_opened_read_only(lake: Path) -> None:
    (lake / BUILD).chmod(0o444)
    with duckdb.connect(str(lake / BUILD), read_only=True):
        assert failed(check(lake, "cost_daily")) == {}
