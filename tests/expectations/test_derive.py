"""From a contract to checks, and the reader of business.yml: pure, without Great Expectations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expectations.business import BUSINESS_FILE, business_checks, load_business_checks
from expectations.derive import checks_of, offending_rows
from finlake.contracts import Quality, all_contracts, load_contract
from finlake.errors import ConfigurationError


def quality(query: str, must_be: Any = 0) -> Quality:
    return Quality(description="d", query=query, must_be=must_be, severity="error")


def test_a_count_of_offending_rows_becomes_the_rows() -> None:
    assert offending_rows(quality("select count(*) from {table} where a < 0")) == (
        "SELECT * FROM {batch} WHERE a < 0"
    )


@pytest.mark.parametrize(
    ("query", "must_be"),
    [("select count(*) from {table}", 3), ("select max(n) from {table}", 0), ("select 1 from {table}", 1)],
)
def test_any_other_figure_is_compared(query: str, must_be: int) -> None:
    assert offending_rows(quality(query, must_be)) == (
        f"select found from ({query.replace('{table}', '{batch}')}) as t(found) "
        f"where found is distinct from {must_be}"
    )


def test_every_promise_of_a_contract_has_its_check() -> None:
    for contract in all_contracts():
        names = {check.name for check in checks_of(contract)}
        assert len(names) == len(checks_of(contract)), contract.name
        for column in contract.columns:
            assert not column.required or f"not_null: {column.name}" in names
            assert not column.unique or f"unique: {column.name}" in names
            assert not column.enum or f"one_of: {column.name}" in names
        assert {f"quality: {item.description}" for item in contract.quality} <= names
        assert not contract.primary_key or f"unique: {', '.join(contract.primary_key)}" in names


def test_severity_of_quality_is_the_contracts() -> None:
    checks = checks_of(load_contract("silver", "billing_line_items"))
    assert {check.severity for check in checks if check.name.startswith("quality")} == {"error", "warning"}


def test_business_checks_read_tables_that_have_a_contract() -> None:
    known = {f"{'marts' if c.layer == 'gold' else c.layer}.{c.name}" for c in all_contracts()}
    for check in load_business_checks():
        assert check.needs <= known, check.name


def test_a_business_check_runs_only_when_all_its_tables_are_there() -> None:
    assert business_checks(["marts.cost_daily"]) == []
    names = [check.name for check in business_checks(["marts.reconciliation"])]
    assert names == ["business: every difference is exactly 0"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"severity": "fatal"}, "severity"),
        ({"extra": 1}, "extra"),
        ({"table": "cost_daily"}, "does not read its table"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, wrong: dict[str, Any], named: str) -> None:
    entry = {"name": "n", "table": "t", "severity": "error", "reason": "r", "rows": "select 1 from marts.t"}
    path = tmp_path / "business.yml"
    path.write_text(f"- {entry | wrong}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=named):
        load_business_checks(path)


def test_no_business_check_branches_on_the_line_item_type() -> None:
    assert "charge_type" not in BUSINESS_FILE.read_text(encoding="utf-8")
