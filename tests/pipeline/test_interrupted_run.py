"""Ctrl-C in the middle of a run: exit code 130 and the run's report says so, whatever a library makes of the interruption."""

from __future__ import annotations

import json
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
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        wait_for_step(lake, "silver")
        time.sleep(0.5)
        run.send_signal(number)
        _, told = run.communicate(timeout=120)
    assert run.returncode == 130, told
    assert "Interrupted" in told and "unexpected" not in told
    (report,) = (json.loads(file.read_text()) for file in (lake / "reports").glob("*.json"))
    assert report["outcome"] == "interrupted"
    assert ingest(lake, source)["completed"] == 3, "the next run brings silver up to bronze"
