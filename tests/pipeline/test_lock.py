"""One writer at a time: the second ingest says so and changes nothing, or waits when asked to."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from finlake.errors import ExitCode
from finlake.lake import create_or_open
from tests.pipeline import tiny
from tests.pipeline.ingesting import command, silver


def test_the_second_writer_is_told(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line()], "v1")
    lake = create_or_open(str(tmp_path / "lake"))
    arguments = ("ingest", "--lake", tmp_path / "lake", "--source", tmp_path / "b", "--json")
    with lake.writing():
        busy = command(*arguments)
    assert busy.returncode == ExitCode.BUSY, busy.stderr
    said = json.loads(busy.stderr or busy.stdout)
    assert (
        said["error"] == "LakeBusy"
        and "another finlake process" in said["what"]
        and "--wait" in said["next_step"]
    )
    assert not (tmp_path / "lake" / "bronze").exists()


def test_waiting_for_the_first(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line()], "v1")
    lake = create_or_open(str(tmp_path / "lake"))
    held, let_go = threading.Event(), threading.Event()

    def first_writer() -> None:
        with lake.writing():
            held.set()
            let_go.wait(60)

    thread = threading.Thread(target=first_writer)
    thread.start()
    held.wait(60)
    threading.Timer(8, let_go.set).start()
    done = command(
        "ingest", "--lake", tmp_path / "lake", "--source", tmp_path / "b", "--wait", "120", "--json"
    )
    thread.join()
    assert done.returncode == 0, done.stderr
    assert silver(tmp_path / "lake", "billing_line_items").num_rows == 1
