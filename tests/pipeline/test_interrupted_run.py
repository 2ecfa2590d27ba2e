"""Ctrl-C in the middle of a run: exit code 130 and the run's report says so, whatever a library makes of the interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipeline.ingesting import ingest


def wait_for_step(lake: Path, step: str) -> None:
    """Until the run that is going on has come to a step."""
    running = lake / "state" / "running.json"
    for _ in range(1200):
        if running.exists() and json.loads(running.read_text() or "{}").get("step") == step:
            return
        time.sleep(0.05)
    raise AssertionError(f"the run never came to {step}")


def without_coverage() -> dict[str, str]:
    """The environment of a process that is interrupted: inside coverage's own lock, the interruption would leave it locked for
    good (seen: `Collector.lock_data`), which no user's process has."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_stop(number: int, golden: Path, tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", golden / "cur2_parquet"
    command = [
        str(Path(sys.executable).with_name("finlake")),
        "ingest",
        "--lake",
        str(lake),
        "--source",
        str(source),
    ]
    pipe, bare = subprocess.PIPE, without_coverage()
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=bare) as run:
        wait_for_step(lake, "silver")
        time.sleep(0.5)
        run.send_signal(number)
        _, told = run.communicate(timeout=120)
    assert run.returncode == 130, told
    assert "Interrupted" in told and "unexpected" not in told
    (report,) = (json.loads(file.read_text()) for file in (lake / "reports").glob("*.json"))
    assert report["outcome"] == "interrupted"
    assert ingest(lake, source)["completed"] == 3, "the next run brings silver up to bronze"
