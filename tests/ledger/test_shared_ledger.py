"""A lake whose ledger lies in DynamoDB, used by commands: from several machines, through kills, and back to SQLite."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from finlake.errors import ConfigurationError, ExitCode
from finlake.lake import open_lake
from tests.conftest import REPOSITORY
from tests.pipeline import s3, tiny
from tests.pipeline.ingesting import SILVER, command, ingest, multiset, silver
from tests.pipeline.metric_streams import MARCH_10, Sample, as_json, expected, in_short, load, put

WHEN = ("ingested_at", "decided_at")


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a month in CSV and one of CUR 2.0, which one export's lines of count only."""
    root = tmp_path_factory.mktemp("bills")
    tiny.cur1_csv(root, [tiny.line("1.5"), tiny.line("2")], "20260310T000000Z", files=2)
    tiny.cur1_csv(root, [tiny.line("1.75"), tiny.line("2"), tiny.line("9", "Tax")], "20260401T000000Z")
    tiny.cur2_parquet(root, [tiny.line("1.75"), tiny.line("2")], "2026-04-04T05-12-11.000Z-abc")
    return root


@pytest.fixture(scope="module")
def clean(bills: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """The tables of a lake with its ledger in SQLite."""
    lake = tmp_path_factory.mktemp("clean") / "lake"
    ingest(lake, bills)
    return tables(lake)


def tables(lake: Path | str) -> dict[str, Counter[str]]:
    return {name: multiset(silver(lake, name), WHEN) for name in SILVER}


@pytest.fixture
def lake(aws: str, table: str, request: pytest.FixtureRequest) -> str:
    """Address of a lake on S3 that isn't there yet; the settings give it a ledger in DynamoDB."""
    name = f"lake-{abs(hash(request.node.name)) % 10**8}"
    s3.client().create_bucket(Bucket=name)
    return f"s3://{name}/prefix"


def test_every_machine_sees_what_another_one_took_in(
    lake: str,
    table: str,
    bills: Path,
    clean: dict[str, Counter[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ingest(lake, bills, ledger=table)
    assert tables(lake) == clean
    monkeypatch.setenv("FINLAKE_STATE_HOME", str(tmp_path / "another-machine"))
    assert not ingest(lake, bills)["changed"]
    said = json.loads(command("status", "--lake", lake, "--json").stdout)
    assert Counter(d["state"] for d in said["deliveries"]) == {"loaded": 2, "superseded": 1}
    assert not list((tmp_path / "another-machine").rglob("*.sqlite"))


@pytest.mark.kill
@pytest.mark.parametrize("point", ["after_claim", "after_bronze_commit:2"])
def test_killed_here_finished_there(
    point: str, lake: str, table: str, bills: Path, clean: dict[str, Counter[str]], tmp_path: Path
) -> None:
    """The lease of the dead is waited for; another machine goes on where it stopped."""
    short = {"FINLAKE_LEASE_SECONDS": "1.5", "FINLAKE_LEDGER": table}
    killed = command("ingest", "--lake", lake, "--source", bills, FINLAKE_FAILPOINT=point, **short)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    there = {"FINLAKE_STATE_HOME": str(tmp_path / "there"), **short}
    again = command("ingest", "--lake", lake, "--source", bills, "--json", **there)
    assert again.returncode == 0, again.stderr
    assert tables(lake) == clean
    settled = command("ingest", "--lake", lake, "--source", bills, "--json", **there)
    assert not json.loads(settled.stdout)["changed"]


def test_two_at_once_and_looked_at_from_elsewhere(lake: str, table: str, bills: Path, tmp_path: Path) -> None:
    ingest(lake, bills, ledger=table)
    holding = (
        "import sys, time; from finlake.settings import load_settings; from pipeline import steps\n"
        "with steps.writing(load_settings(lake=sys.argv[1]), 'ingest', 0) as (_, report), report.step('bronze'):\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    short = {"FINLAKE_LEASE_SECONDS": "3", "FINLAKE_STATE_HOME": str(tmp_path / "there")}
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, lake], cwd=REPOSITORY, env=os.environ | short, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        refused = command("ingest", "--lake", lake, "--source", bills, FINLAKE_LEASE_SECONDS="3")
        assert refused.returncode == ExitCode.BUSY and "another finlake process" in refused.stderr
        said = json.loads(command("status", "--lake", lake, "--json").stdout)
        assert (said["running"]["command"], said["running"]["step"]) == ("ingest", "bronze")
        assert command("doctor", "--lake", lake).stdout.count(table) == 1
    finally:
        holder.kill()
        holder.wait()


def test_a_lake_changes_its_ledger_and_keeps_what_it_knew(
    aws: str, table: str, bills: Path, clean: dict[str, Counter[str]], tmp_path: Path
) -> None:
    """SQLite to DynamoDB and back: deliveries, decisions and refusals, and nothing is taken in again."""
    place = tmp_path / "lake"
    ingest(place, bills)
    before = tables(place)
    changed = command("ledger", "set", table, "--lake", place)
    assert changed.returncode == 0 and table in changed.stdout, changed.stderr
    assert open_lake(str(place)).ledger == table
    assert "already" in command("ledger", "set", table, "--lake", place).stdout
    assert not ingest(place, bills)["changed"]
    shown = json.loads(command("ledger", "show", "--lake", place, "--json").stdout)
    assert (shown["ledger"], shown["deliveries"], shown["decisions"]) == (table, 3, 1)
    with pytest.raises(ConfigurationError, match="the settings ask for sqlite"):
        ingest(place, bills, ledger="sqlite")
    for file in (place / "state").glob("ledger.sqlite*"):
        file.unlink()
    assert command("ledger", "set", "sqlite", "--lake", place).returncode == 0
    assert open_lake(str(place)).ledger is None and not ingest(place, bills)["changed"]
    assert tables(place) == before == clean


def test_a_table_that_is_not_there_is_said_before_anything_is_made(
    aws: str, bills: Path, tmp_path: Path
) -> None:
    said = command(
        "ingest", "--lake", tmp_path / "lake", "--source", bills, FINLAKE_LEDGER="dynamodb://nowhere"
    )
    assert said.returncode == ExitCode.CONFIGURATION and "terraform/modules/ledger" in said.stderr
    assert not list((tmp_path / "lake").rglob("*.parquet"))
    said = command("ingest", "--lake", tmp_path / "lake", "--source", bills, FINLAKE_LEDGER="mysql://x")
    assert said.returncode == ExitCode.CONFIGURATION and "Traceback" not in said.stderr


def test_metric_files_are_taken_in_once_on_whatever_machine(
    lake: str, table: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = tmp_path / "metrics"
    points = [Sample(total=1.0), Sample(total=2.0, at=MARCH_10 + timedelta(hours=30))]
    put(source, as_json(points[:1]), MARCH_10)
    monkeypatch.setenv("FINLAKE_LEDGER", table)
    assert load(lake, source)["files"] == 1
    monkeypatch.setenv("FINLAKE_STATE_HOME", str(tmp_path / "another-machine"))
    put(source, as_json(points[1:]), MARCH_10 + timedelta(days=2))
    put(source, b"no metrics", MARCH_10 + timedelta(days=3))
    again = load(lake, source)
    assert (again["files"], again["unchanged"], len(again["refused"])) == (1, 1, 1)
    assert in_short(silver(lake, "resource_metrics")) == expected(
        [(MARCH_10, points[:1]), (MARCH_10 + timedelta(days=2), points[1:])]
    )
    status = json.loads(command("status", "--lake", lake, "--json").stdout)["metrics"]
    assert (status["days"], len(status["refused"])) == (2, 1)
