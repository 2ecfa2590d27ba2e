"""Others see a run while it lasts, step by step, and never one whose process is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from finlake.lake import Lake
from finlake.messages import message
from finlake.report import RunReport
from finlake.running import FILE, running, visible


def lake_at(folder: Path) -> Lake:
    """A lake whose state lies in a folder."""
    return Lake(str(folder), "id", folder, "duckdb")


def test_a_run_is_seen_while_it_lasts(tmp_path: Path) -> None:
    assert running(lake_at(tmp_path)) is None
    with RunReport("ingest", tmp_path) as report, visible(lake_at(tmp_path), report):
        assert (found := running(lake_at(tmp_path))) and (found.command, found.step) == ("ingest", "")
        with report.step("bronze") as step:
            step.rows = 7
            assert (found := running(lake_at(tmp_path))) and (found.step, found.steps) == ("bronze", [])
        with report.step("silver"):
            found = running(lake_at(tmp_path))
            assert found and (found.step, [s["rows"] for s in found.steps]) == ("silver", [7])
            assert found.run_id == report.run_id and found.step_started_at.endswith("+00:00")
    assert running(lake_at(tmp_path)) is None and not (tmp_path / FILE).exists()


def test_words_about_a_step_are_told_but_not_each_of_thousands(tmp_path: Path) -> None:
    with RunReport("run", tmp_path) as report, visible(lake_at(tmp_path), report), report.step("silver"):
        (tmp_path / FILE).unlink()
        for number in range(1000):
            report.tell(message("doing.dbt_node", node=str(number)))
        assert running(lake_at(tmp_path)) is None  # within half a second of the step's start


def test_a_failed_run_is_gone(tmp_path: Path) -> None:
    broken = pytest.raises(ValueError, match="broken")
    with broken, RunReport("run", tmp_path) as report, visible(lake_at(tmp_path), report):
        raise ValueError("broken")
    assert running(lake_at(tmp_path)) is None


def test_a_killed_process_runs_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path\n"
        "from finlake.lake import Lake; from finlake.report import RunReport; from finlake.running import visible\n"
        "folder = Path(sys.argv[1])\n"
        "with RunReport('run', folder) as report, visible(Lake(str(folder), 'id', folder, 'duckdb'), report):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=60)
    assert (tmp_path / FILE).exists()
    assert running(lake_at(tmp_path)) is None


def test_a_process_number_that_was_given_anew_runs_nothing(tmp_path: Path) -> None:
    with RunReport("run", tmp_path) as report, visible(lake_at(tmp_path), report):
        found = running(lake_at(tmp_path))
        assert found
        other = asdict(found) | {"process_started": found.process_started - 60}
        (tmp_path / FILE).write_text(json.dumps(other))
        assert running(lake_at(tmp_path)) is None
        (tmp_path / FILE).write_text("{half")
        assert running(lake_at(tmp_path)) is None
