"""What dbt parsed is kept on the machine and serves every lake; what it depends on makes it anew."""

from __future__ import annotations

import os
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

    (kept,) = (tmp_path / "cache" / "finlake" / "dbt").iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    assert days(full, first) == found and len(parsed) == 2, "what is kept but broken is parsed again"


def test_what_a_parsed_project_depends_on_is_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt_manifest, "DBT_DIR", tmp_path)
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "m.sql"
    model.write_text("select 1")
    lake = {"FINLAKE_LAKE_ROOT": "a", "FINLAKE_BUILD_DB": "/a/b.duckdb"}
    named = dbt_manifest._key(lake, "duckdb")
    assert (
        dbt_manifest._key(lake | {"FINLAKE_LAKE_ROOT": "b", "FINLAKE_BUILD_DB": "/b/b.duckdb"}, "duckdb")
        == named
    )
    others = {
        dbt_manifest._key(lake, "athena"),
        dbt_manifest._key(lake | {"FINLAKE_BUILD_DB": "/a/other.duckdb"}, "duckdb"),
        dbt_manifest._key(lake | {"FINLAKE_DBT_KEPT_AS": "versioned"}, "duckdb"),
    }
    monkeypatch.setattr(dbt_manifest, "version", lambda name: "0")
    others.add(dbt_manifest._key(lake, "duckdb"))
    model.write_text("select 2")
    others.add(dbt_manifest._key(lake, "duckdb"))
    assert len(others) == 5 and named not in others


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    kept = tmp_path / "cache" / "dbt" / "x.msgpack"
    dbt_manifest._keep(kept, b"parsed")
    assert dbt_manifest._kept(kept) is None


def test_only_the_newest_stay(tmp_path: Path) -> None:
    for number in range(dbt_manifest._KEPT + 2):
        dbt_manifest._keep(tmp_path / f"{number}.msgpack", b"parsed")
        os.utime(tmp_path / f"{number}.msgpack", (number, number))
    dbt_manifest._keep(tmp_path / "new.msgpack", b"parsed")
    there = {path.stem for path in tmp_path.iterdir()}
    assert len(there) == dbt_manifest._KEPT and {"new", "9"} <= there and "0" not in there


def test_a_project_that_dbt_cant_parse_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_runner, "DBT_DIR", tmp_path / "none")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(FinlakeError, match="could not be built"):
        run_dbt("build", lake_root=tmp_path, build_db=tmp_path / "b.duckdb")
