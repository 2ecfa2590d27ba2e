"""The real thing: Airflow's scheduler, DAG processor and API server run our DAGs on a small sample."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

FINLAKE = Path(sys.executable).parent / "finlake"
TASKS = [
    "metrics_ingest.discover",
    "metrics_ingest.ingest",
    "metrics_ingest.refused",
    "billing_ingest.discover",
    "billing_ingest.ingest",
    "billing_ingest.refused",
    "marts_build.build",
    "marts_build.publish",
]


@dataclass
class Ran:
    """One `finlake demo`: exit code, its JSON, and the state of each task."""

    code: int
    said: dict[str, Any]

    @property
    def states(self) -> dict[str, str]:
        return {step["name"]: step["state"] for step in self.said["times"] if step["state"]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a space in its name, for the lake and the sample of all tests here."""
    return tmp_path_factory.mktemp("a demo")


def command(place: Path) -> list[str]:
    where = ["--lake", str(place / "lake"), "--sample", str(place / "sample")]
    return [str(FINLAKE), "demo", "--months", "1", "--json", *where]


def run_demo(place: Path) -> Ran:
    done = subprocess.run(command(place), capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout, done.stderr
    assert airflow_processes(place) == [], "no process outlives the demo"
    return Ran(done.returncode, json.loads(done.stdout))


def airflow_processes(place: Path) -> list[str]:
    """Command lines of living processes of this place's Airflow, known by their environment."""
    home = str(place / "lake" / "state" / "airflow")
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME") == home and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def files_of(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def test_1_a_bill_becomes_published_reconciled_marts(place: Path) -> None:
    ran = run_demo(place)
    assert ran.code == 0, ran.said
    assert ran.states == dict.fromkeys(TASKS, "success")
    assert ran.said["reconciled"] is True and ran.said["nothing_new"] is False
    assert {total["currency"] for total in ran.said["totals"]} == {"USD", "BRL"}
    deliveries = json.loads((place / "sample" / "truth.json").read_text())["deliveries"]
    truth = {entry["currency"]: entry for entry in deliveries if entry["current"]}
    for total in ran.said["totals"]:
        expected = truth[total["currency"]]
        assert total["line_count"] == expected["lines"]
        assert Decimal(total["published"]) == Decimal(expected["unblended_cost"])
        assert Decimal(total["difference"]) == 0


def test_1b_metrics_are_in_the_same_build(place: Path) -> None:
    (database,) = (place / "lake" / "warehouse" / "builds").glob("*.duckdb")
    with duckdb.connect(str(database), read_only=True) as con:
        (measured,) = con.execute(
            "select count(*) from marts.metric_coverage where metric_days > 0"
        ).fetchall()
    assert measured[0] > 20


def test_2_again_nothing_is_new_and_nothing_changes(place: Path) -> None:
    tables = [place / "lake" / name for name in ("bronze", "silver", "warehouse")]
    before = [files_of(folder) for folder in tables]
    ran = run_demo(place)
    assert ran.code == 0, ran.said
    assert ran.said["nothing_new"] is True
    ingests = [task for task in TASKS if "_ingest." in task]
    assert ran.states == {task: "skipped" if task.endswith(".ingest") else "success" for task in ingests}
    assert [files_of(folder) for folder in tables] == before


def test_3_killed_without_warning_it_leaves_no_process(place: Path) -> None:
    demo = subprocess.Popen(command(place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: len(airflow_processes(place)) >= 3, 120)
    finally:
        os.kill(demo.pid, signal.SIGKILL)
        demo.wait()
    assert wait_for(lambda: airflow_processes(place) == [], 30), airflow_processes(place)


def test_4_after_the_kill_a_refused_delivery_is_told_and_what_is_published_stays(place: Path) -> None:
    published = (place / "lake" / "warehouse" / "published.json").read_text()
    deliver_a_truncated_file(place / "sample" / "brl-payer")
    ran = run_demo(place)
    assert ran.code == 3, ran.said
    assert ran.said["refused"] is True and ran.said["reconciled"] is True
    assert ran.states["billing_ingest.refused"] == "failed"
    assert (place / "lake" / "warehouse" / "published.json").read_text() == published


def deliver_a_truncated_file(bucket: Path) -> None:
    """AWS announces a new version of the newest report whose file did not arrive whole."""
    report = sorted(path for path in bucket.glob("cur/*/*") if path.is_dir())[-1]
    old = sorted(path for path in report.iterdir() if path.is_dir())[-1]
    new = old.with_name("20991231T000000Z")
    shutil.copytree(old, new)
    data = next(new.glob("*.csv.gz"))
    data.write_bytes(gzip.compress(gzip.decompress(data.read_bytes()) + b"more")[:-200])
    for manifest in (next(new.glob("*Manifest.json")), next(report.glob("*Manifest.json"))):
        manifest.write_text(manifest.read_text().replace(old.name, new.name))
