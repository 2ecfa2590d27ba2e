"""The CI step for contracts: valid files pass, invalid and breaking ones are named; offline."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from expectations.contracts_ci import breaking, check, contract_files, lint, main, take_as_released
from finlake.paths import CONTRACTS_DIR


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to leave the machine fails the test."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two of the project's contracts, taken as released."""
    for name in ("gold/dim_account", "silver/deliveries"):
        target = tmp_path / f"{name}.odcs.yaml"
        target.parent.mkdir(parents=True)
        shutil.copyfile(CONTRACTS_DIR / f"{name}.odcs.yaml", target)
    assert take_as_released(tmp_path) == 2
    return tmp_path


def edit(models: Path, old: str, new: str) -> None:
    path = models / "gold" / "dim_account.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_projects_contracts_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0, capsys.readouterr().out
    assert f"contracts: {len(contract_files())}" in capsys.readouterr().out


def test_what_is_released_and_unchanged_passes(models: Path) -> None:
    assert check(models) == []


def test_an_added_column_and_better_words_break_nothing(models: Path) -> None:
    edit(
        models,
        "    properties:\n",
        "    properties:\n      - {name: n, logicalType: string, physicalType: string}\n",
    )
    edit(models, "Payer account, text", "The account that pays")
    assert check(models) == []


IS_PAYER = 'is_payer, logicalType: boolean, physicalType: "boolean"'


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("name: account_name", "name: nickname", "account_name"),
        (IS_PAYER, IS_PAYER.replace("boolean", "string"), "is_payer"),
        (f"{IS_PAYER}, required: true", IS_PAYER, "is_payer"),
    ],
)
def test_a_breaking_change_needs_a_new_major_version(models: Path, old: str, new: str, named: str) -> None:
    edit(models, old, new)
    findings = check(models)
    assert {finding.level for finding in findings} == {"error"}
    assert all(named in finding.message for finding in findings)
    edit(models, "version: 1.0.0", "version: 2.0.0")
    assert {finding.level for finding in check(models)} == {"allowed"}


def test_a_released_table_may_only_go_by_way_of_the_graveyard(models: Path) -> None:
    released = contract_files(models / ".released")
    present = {name: path for name, path in contract_files(models).items() if name != "gold/dim_account"}
    assert [finding.contract for finding in breaking(released, present)] == ["gold/dim_account"]
    assert breaking(released, present, "gold/dim_account: replaced by ...") == []


def test_an_invalid_contract_is_named(models: Path) -> None:
    edit(models, "logicalType: boolean", "logicalType: truthiness")
    findings = lint(contract_files(models))
    assert findings and {finding.contract for finding in findings} == {"gold/dim_account"}
