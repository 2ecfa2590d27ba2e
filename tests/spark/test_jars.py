"""JARs and Java: fetched once, proved byte for byte, and asked for by engine spark only, in words that a person understands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from finlake.engines import java
from finlake.errors import ConfigurationError, ExitCode
from tests.conftest import REPOSITORY
from tests.pipeline import tiny
from tests.pipeline.ingesting import command, ingest


def test_what_was_fetched_is_what_the_list_says() -> None:
    folder = java.fetch_jars()
    java.check_jars(folder)
    assert folder == java.fetched_jars()


@pytest.mark.parametrize("damage", ["changed", "missing", "one more"])
def test_other_bytes_are_refused(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "jars"
    shutil.copytree(java.fetch_jars(), folder, copy_function=os.link)
    jar = sorted(folder.glob("delta-storage*.jar"))[0]
    content = jar.read_bytes()
    jar.unlink()
    if damage == "changed":
        jar.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "one more":
        jar.write_bytes(content)
        (folder / "stranger.jar").write_bytes(b"PK")
    with pytest.raises(ConfigurationError) as refused:
        java.check_jars(folder)
    assert refused.value.code == "jars_unexpected"
    assert ("stranger.jar" if damage == "one more" else jar.name) in refused.value.what


def test_maven_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Maven that brings the right files; the second time nobody asks it, and a half-done fetch leaves nothing."""
    source, asked = java.fetch_jars(), tmp_path / "asked"
    fake = tmp_path / "bin" / "mvn"
    fake.parent.mkdir()
    copying = f'for w in "$@"; do case $w in -DoutputDirectory=*) cp -r {source} "${{w#*=}}";; esac; done'
    fake.write_text(f"#!/bin/sh\necho x >> {asked}\n{copying}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert java.fetched_jars() is None
    first, second = java.fetch_jars(), java.fetch_jars()
    assert first == second == java.fetched_jars()
    assert asked.read_text().split() == ["x"]
    assert [p.name for p in (tmp_path / "cache" / "finlake").iterdir()] == [first.name]


def test_without_maven_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "java").symlink_to(str(shutil.which("java")))
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ConfigurationError) as refused:
        java.fetch_jars()
    assert refused.value.code == "maven_missing" and "finlake engine fetch" in refused.value.next_step


def test_without_java_engine_spark_stops_before_anything_is_written(tmp_path: Path) -> None:
    source, lake = tmp_path / "source", tmp_path / "lake"
    tiny.cur1_csv(source, [tiny.line("1.5")], "20260310T000000Z")
    said = command(
        "ingest", "--lake", lake, "--source", source, FINLAKE_ENGINE="spark", PATH=str(tmp_path), JAVA_HOME=""
    )
    assert said.returncode == ExitCode.CONFIGURATION, said.stderr
    assert "Java 17" in said.stderr and "engine duckdb" in said.stderr and "Traceback" not in said.stderr
    assert not list(lake.rglob("*.parquet"))


def test_engine_duckdb_asks_for_neither(tmp_path: Path) -> None:
    source, lake = tmp_path / "source", tmp_path / "lake"
    tiny.cur1_csv(source, [tiny.line("1.5")], "20260310T000000Z")
    said = command("ingest", "--lake", lake, "--source", source, PATH=str(tmp_path), JAVA_HOME="")
    assert said.returncode == ExitCode.OK, said.stderr


def test_pyspark_is_imported_by_its_engine_only() -> None:
    """Importing it costs every command time."""
    code = "import sys, pipeline.ingest, pipeline.diff, pipeline.steps; print([m for m in sys.modules if m == 'pyspark'])"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_a_lake_of_one_engine_refuses_the_other(tmp_path: Path) -> None:
    source, lake = tmp_path / "source", tmp_path / "lake"
    tiny.cur1_csv(source, [tiny.line("1.5")], "20260310T000000Z")
    ingest(lake, source)
    marker = (lake / "finlake-lake.json").read_bytes()
    with pytest.raises(ConfigurationError) as refused:
        ingest(lake, source, engine="spark")
    assert (
        refused.value.code == "engine_of_lake_differs"
        and "finlake engine set spark" in refused.value.next_step
    )
    assert (lake / "finlake-lake.json").read_bytes() == marker


def test_the_engine_is_changed_by_command_under_the_lock(tmp_path: Path) -> None:
    from finlake.lake import open_lake

    source, lake = tmp_path / "source", tmp_path / "lake"
    tiny.cur1_csv(source, [tiny.line("1.5")], "20260310T000000Z")
    ingest(lake, source)
    with open_lake(str(lake)).writing():
        assert command("engine", "set", "spark", "--lake", lake).returncode == ExitCode.BUSY
    assert command("engine", "set", "spark", "--lake", lake).returncode == ExitCode.OK
    assert open_lake(str(lake)).engine == "spark"
    with pytest.raises(ConfigurationError):
        ingest(lake, source, engine="duckdb")
    assert command("engine", "set", "duckdb", "--lake", lake).returncode == ExitCode.OK
    assert open_lake(str(lake)).engine == "duckdb"
    assert not ingest(lake, source)["changed"]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    from finlake.engines.spark_engine import SparkEngine

    with pytest.raises(ConfigurationError) as refused:
        _ = SparkEngine(str(tmp_path), "sc://127.0.0.1:1").session
    assert refused.value.code == "spark_server_unusable"
