"""`finlake authority`: whose figures count is shown, changed by command only, and stays so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from finlake.lake import open_lake
from pipeline import cli
from tests.pipeline.ingesting import ingest, silver, versions

PAYER = "900100000001"


@pytest.fixture
def one_export(cur1_csv_lake: Path, tmp_path: Path) -> Path:
    """A lake with the golden legacy CUR that a test may change."""
    copy = tmp_path / "lake"
    shutil.copytree(cur1_csv_lake, copy)
    return copy


@pytest.fixture
def lake(one_export: Path, golden: Path) -> Path:
    """A lake with the golden bill from two exports: the legacy CUR came first and counts."""
    ingest(one_export, golden / "cur2_parquet")
    return one_export


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    assert cli.main(["authority", *map(str, arguments), "--json"]) == code
    return dict(json.loads(capsys.readouterr().out))


def test_a_decision_is_sticky_and_changed_by_command(
    lake: Path, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {row["billing_period"]: row for row in run(capsys, "list", "--lake", lake)["authority"]}
    assert set(rows) == {"2026-03", "2026-04", "2026-05"}
    assert {row["source_format"] for row in rows.values()} == {"cur1"}
    (other,) = rows["2026-04"]["others"]
    assert other.startswith("cur2-")

    said = run(capsys, "set", PAYER, "2026-04", other, "--reason", "the legacy report  ends", "--lake", lake)
    assert said["changed"] and said["before"]["source_format"] == "cur1"
    assert said["authority"]["reason"] == "set by command: the legacy report ends"
    ingest(lake, golden / "cur1_csv_versions")
    counting = {r["billing_period"]: r for r in silver(lake, "billing_authority").to_pylist()}
    assert counting["2026-04"]["export_id"] == other and counting["2026-03"]["source_format"] == "cur1"

    (lake / "state" / "ledger.sqlite").unlink()
    rows = {row["billing_period"]: row for row in run(capsys, "list", "--lake", lake)["authority"]}
    assert rows["2026-04"]["export_id"] == other and rows["2026-04"]["others"] != []

    before = versions(lake)
    again = run(capsys, "set", PAYER, "2026-04", other, "--reason", "again", "--lake", lake)
    assert not again["changed"] and versions(lake) == before
    assert not (lake / "state" / "running.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((PAYER, "2026-04", "nobodys", "--reason", "x"), 7),
        ((PAYER, "2031-01", "nobodys", "--reason", "x"), 7),
        (("000000000000", "2026-04", "nobodys", "--reason", "x"), 7),
        ((PAYER, "2026-04", "nobodys", "--reason", "  "), 2),
        ((PAYER, "2026-04", "nobodys"), 2),
    ],
)
def test_what_cannot_count(
    arguments: tuple[str, ...], code: int, one_export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = versions(one_export)
    said = run(capsys, "set", *arguments, "--lake", one_export, code=code)
    assert said["exit_code"] == code and said["next_step"]
    assert versions(one_export) == before


def test_a_change_waits_for_its_turn(one_export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_lake(str(one_export)).writing():
        assert run(capsys, "set", PAYER, "2026-04", "x", "--reason", "x", "--lake", one_export, code=5)
        assert run(capsys, "list", "--lake", one_export)["authority"]


def test_for_people(
    lake: Path, empty_lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["authority", "list", "--lake", str(lake)]) == 0
    said = capsys.readouterr().out
    assert "cur1-900100000001" in said and "cur2-900100000001" in said
    monkeypatch.setenv("FINLAKE_LANGUAGE", "pt-BR")
    assert cli.main(["authority", "list", "--lake", str(empty_lake)]) == 0
    assert "Nenhum mês" in capsys.readouterr().out
