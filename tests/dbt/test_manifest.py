"""What dbt parsed is kept on the machine and serves every lake; what it depends on makes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from finlake.errors import FinlakeError
from pipeline import dbt_manifest, dbt_runner
from pipeline.dbt_runner import run_dbt
from tests.dbt.conftest import query, sample_lines
from tests.dbt.small_lake import write_lake


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[bytes]:
    """What was parsed in this test, in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    seen: list[bytes] = []
    parse = dbt_manifest._parse

    def noted(options: list[str]) -> bytes:
        seen.append(parse(options))
        return seen[-1]

    monkeypatch.setattr(dbt_manifest, "_parse", noted)
    return seen


def days(lake: Path, database: Path, *, periods: list[str] | None = None) -> int:
    run_dbt(["run", "--select", "+cost_daily"], lake_root=lake, build_db=database, changed_periods=periods)
    return query(database, "select count(*) from marts.cost_daily")[0][0]


def test_one_parse_serves_other_lakes_months_and_runs(parsed: list[bytes], tmp_path: Path) -> None:
    full, empty = tmp_path / "it's $full", tmp_path / "empty"
    write_lake(full, sample_lines())
    write_lake(empty, [])
    first, second = tmp_path / "1" / "b.duckdb", tmp_path / "2" / "b.duckdb"
    for database in (first, second):
        database.parent.mkdir()
    found = days(full, first)
    assert found > 0 and days(empty, second) == 0
    assert days(full, first, periods=["2026-04"]) == found
    assert len(parsed) == 1 and str(tmp_path).encode() not in parsed[0]


def test_another_project_or_database_is_parsed_anew(
    parsed: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lake(tmp_path / "lake", [])
    days(tmp_path / "lake", tmp_path / "b.duckdb")
    days(tmp_path / "lake", tmp_path / "other.duckdb")
    assert len(parsed) == 2
    monkeypatch.setattr(dbt_manifest, "version", lambda name: "0")
    days(tmp_path / "lake", tmp_path / "b.duckdb")
    assert len(parsed) == 3


def test_a_changed_model_is_another_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_manifest, "DBT_DIR", tmp_path)
    environment = {"FINLAKE_BUILD_DB": "b.duckdb"}
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "m.sql"
    model.write_text("select 1")
    before = dbt_manifest._key(environment, "duckdb")
    model.write_text("select 2")
    assert dbt_manifest._key(environment, "duckdb") != before
    assert dbt_manifest._key(environment, "athena") != dbt_manifest._key(environment, "duckdb")


def test_what_is_kept_but_broken_is_parsed_again(parsed: list[bytes], tmp_path: Path) -> None:
    write_lake(tmp_path / "lake", [])
    days(tmp_path / "lake", tmp_path / "b.duckdb")
    (kept,) = (tmp_path / "cache" / "finlake" / "dbt").iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    days(tmp_path / "lake", tmp_path / "b.duckdb")
    assert len(parsed) == 2


def test_nothing_can_be_kept(parsed: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    write_lake(tmp_path / "lake", [])
    assert days(tmp_path / "lake", tmp_path / "b.duckdb") == 0 and len(parsed) == 1


def test_a_project_that_dbt_cant_parse_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_runner, "DBT_DIR", tmp_path / "none")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(FinlakeError, match="could not be built"):
        run_dbt("build", lake_root=tmp_path, build_db=tmp_path / "b.duckdb")
