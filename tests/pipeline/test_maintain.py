"""`finlake maintain`, and the report and clean-up that every writing run ends with."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from finlake.errors import AuditFailed, ExitCode
from finlake.lake import Lake, create_or_open
from finlake.settings import load_settings
from pipeline import steps
from pipeline.cli import main


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_or_open(str(tmp_path / "lake"))


def leave(lake: Lake, name: str, *, days_old: float = 0.0) -> Path:
    file = Path(lake.root, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * 1000)
    moment = time.time() - days_old * 86_400
    os.utime(file, (moment, moment))
    return file


def report_of(lake: Lake) -> dict[str, Any]:
    (file,) = Path(lake.reports).glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_maintain_cleans_and_reports(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    leftovers = [leave(lake, "cache/a.tmp"), leave(lake, "landing/x/y"), leave(lake, "cache/old", days_old=8)]
    assert main(["maintain", "--lake", lake.root, "--json"]) == ExitCode.OK
    said = json.loads(capsys.readouterr().out)
    assert not any(file.exists() for file in leftovers)
    assert (said["files"], said["bytes"], said["skipped"]) == (3, 3000, [])
    report = report_of(lake)
    assert report["cleanup"] | {"tables": []} == said
    assert (report["command"], report["outcome"]) == ("maintain", "ok")


def test_people_read_what_went_and_what_stayed(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["maintain", "--lake", lake.root]) == ExitCode.OK
    assert capsys.readouterr().out == "Nothing to clean up.\n"
    leave(lake, "cache/a.tmp")
    Path(lake.root, "cache/link").symlink_to("/nowhere")
    assert main(["maintain", "--lake", lake.root, "--dry-run"]) == ExitCode.OK
    assert "1 file would go (0.0 MB); nothing was removed." in capsys.readouterr().out
    assert main(["maintain", "--lake", lake.root]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines() == [
        "Cleaned up 1 file (0.0 MB).",
        "Left alone, 1 place:",
        "  cache/link: symlink",
    ]


def test_the_limits_come_from_the_configuration(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = leave(lake, "cache/old", days_old=8)
    (tmp_path / "own.yml").write_text("cleanup: {max_age_days: 30}\n")
    main(["maintain", "--lake", lake.root, "--config", str(tmp_path / "own.yml")])
    assert kept.exists()


def test_a_busy_lake_and_no_lake(lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leftover = leave(lake, "cache/a.tmp")
    with lake.writing():
        assert main(["maintain", "--lake", lake.root]) == ExitCode.BUSY
    assert leftover.exists()
    assert main(["maintain", "--lake", str(tmp_path / "none")]) == ExitCode.NOT_FOUND
    assert not (tmp_path / "none").exists()


def test_every_writing_run_ends_with_its_clean_up(lake: Lake) -> None:
    leave(lake, "cache/a.tmp")
    with steps.writing(load_settings(lake=lake.root), "run", 0.0) as (_, report):
        with report.step("ingest") as step:
            step.rows = 2
        leave(lake, "state/b.bkp")
    found = report_of(lake)
    assert found["cleanup"]["kinds"] == {"temporary": {"files": 2, "bytes": 2000}}
    assert not [path for path in Path(lake.root).rglob("*") if path.suffix in (".tmp", ".bkp")]


def test_a_run_that_fails_is_cleaned_and_reported_too(lake: Lake) -> None:
    leave(lake, "cache/a.tmp")
    with pytest.raises(AuditFailed), steps.writing(load_settings(lake=lake.root), "build", 0.0):
        raise AuditFailed("doesn't reconcile")
    found = report_of(lake)
    assert (found["outcome"], found["error"]["what"]) == ("failed", "doesn't reconcile")
    assert found["cleanup"]["files"] == 1


def test_the_limit_of_reports_holds_over_many_runs(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINLAKE_CLEANUP__MAX_REPORTS", "3")
    settings = load_settings(lake=lake.root)
    for _ in range(5):
        with steps.writing(settings, "run", 0.0):
            pass
    assert len(list(Path(lake.reports).iterdir())) == 3
