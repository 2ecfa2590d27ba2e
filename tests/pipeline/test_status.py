"""`finlake status`: months, deliveries, refusals, builds and runs as they are, read without a lock."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from finlake.lake import open_lake
from finlake.ledger import SqliteLedger
from finlake.messages import message
from finlake.settings import load_settings
from finlake.warehouse import Build, Warehouse
from pipeline import cli, steps
from pipeline.commands import status as command
from pipeline.status import StatusReader
from pipeline.status_view import view
from tests.pipeline.ingesting import ingest


def look(lake: Path, capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> dict[str, Any]:
    assert cli.main(["status", "--lake", str(lake), "--json", *options]) == code
    return dict(json.loads(capsys.readouterr().out))


def words(lake: Path, language: str = "en") -> str:
    """What a person reads."""
    out = Console(file=io.StringIO(), width=200)
    out.print(view(StatusReader(open_lake(str(lake))).look(), language, datetime(2026, 11, 1, tzinfo=UTC)))
    return str(out.file.getvalue())  # type: ignore[attr-defined]


@pytest.fixture
def lake(cur1_csv_lake: Path, tmp_path: Path) -> Path:
    """A lake with the golden legacy CUR that a test may change."""
    copy = tmp_path / "lake"
    shutil.copytree(cur1_csv_lake, copy)
    return copy


def test_months_as_the_golden_answers_say(
    cur1_csv_lake: Path, totals: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said = look(cur1_csv_lake, capsys, "--fail-on-refused")
    current = totals["steps"][-1]["current"]
    assert {p["billing_period"] for p in said["periods"]} == set(current)
    for period in said["periods"]:
        expected = totals["versions"][f"{period['billing_period']}/{current[period['billing_period']]}"]
        cost = sum(Decimal(group["unblended_cost"]) for group in expected["groups"])
        assert abs(Decimal(period["unblended_cost"]) - cost) < Decimal("1e-9")
        assert period["line_count"] == sum(group["rows"] for group in expected["groups"])
    finality = {p["billing_period"]: p["finality"] for p in said["periods"]}
    assert finality == {"2026-03": "final", "2026-04": "final", "2026-05": "open"}
    assert sorted(d["state"] for d in said["deliveries"]) == ["loaded"] * 3 + ["superseded"] * 3
    assert said["published"] is None and said["running"] is None and said["refused"] == []
    assert [run["command"] for run in said["runs"]] == ["ingest"]


def test_both_languages(cur1_csv_lake: Path) -> None:
    english, portuguese = words(cur1_csv_lake), words(cur1_csv_lake, "pt-BR")
    assert "3,193.45" in english and "3 loaded, 3 superseded by a later one" in english
    assert "3.193,45" in portuguese and "3 carregadas, 3 substituídas" in portuguese
    assert "Nada em execução" in portuguese


def test_what_is_refused_or_held_is_told(
    lake: Path, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest(lake, golden / "bad" / "header_only")
    ingest(lake, golden / "bad" / "truncated_gz")
    said = look(lake, capsys, "--fail-on-refused", code=3)
    (refusal,) = said["refused"]
    assert refusal["what"] and refusal["next_step"] and refusal["billing_period"] == "2026-03"
    (held,) = [d for d in said["deliveries"] if d["state"] == "held"]
    assert "no line" in held["reason"]
    english = words(lake)
    assert "Held back: 2026-03" in english and "1 refused" in english
    parts = (refusal["manifest"], refusal["what"], refusal["where"], refusal["intact"], refusal["next_step"])
    last = english.splitlines()[-len(parts) :]
    assert all(part in line for part, line in zip(parts, last, strict=True)), "the end of a task's log"
    assert [(run["outcome"], run["refused"]) for run in said["runs"][:2]] == [("ok", 1), ("ok", 0)]
    assert "ok, 1 refused" in english and "ok, 1 recusada" in words(lake, "pt-BR")
    assert look(lake, capsys)["refused"]


def test_builds_and_what_is_published(lake: Path) -> None:
    assert "Nothing is published yet" in words(lake)
    warehouse = Warehouse(open_lake(str(lake)))
    for build_id in ("b20261101T000000Z-aaaaaa", "b20261102T000000Z-bbbbbb"):
        warehouse.workplace.parent.mkdir(parents=True, exist_ok=True)
        warehouse.workplace.write_bytes(b"")
        warehouse.keep(Build(build_id, "2026-11-01T00:00:00+00:00", "p", {}, ["2026-03"]))
    warehouse.publish("b20261101T000000Z-aaaaaa", datetime(2026, 11, 1, 7, 30, tzinfo=UTC), keep=3)
    said = StatusReader(warehouse.lake).look()
    assert [(b["build_id"][-6:], b["published"]) for b in said["builds"]] == [
        ("bbbbbb", False),
        ("aaaaaa", True),
    ]
    assert "Published: b20261101T000000Z-aaaaaa at 2026-11-01 07:30 UTC" in words(lake)
    assert "An audited build waits: b20261102T000000Z-bbbbbb" in words(lake)
    warehouse.publish("b20261102T000000Z-bbbbbb", datetime(2026, 11, 2, tzinfo=UTC), keep=3)
    warehouse.publish("b20261101T000000Z-aaaaaa", datetime(2026, 11, 3, tzinfo=UTC), keep=3)
    assert "waits" not in words(lake)  # gone back on purpose


def test_a_run_is_seen_while_it_holds_the_lock(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with steps.writing(load_settings(lake=str(lake)), "ingest", 0) as (_, report), report.step("bronze"):
        said = look(lake, capsys)
        assert (said["running"]["command"], said["running"]["step"]) == ("ingest", "bronze")
        assert "Running: ingest" in words(lake) and "step bronze" in words(lake)
    said = look(lake, capsys)
    assert said["running"] is None and [run["command"] for run in said["runs"]] == ["ingest", "ingest"]


def test_what_a_run_is_busy_with_is_told_in_the_readers_language(lake: Path) -> None:
    with steps.writing(load_settings(lake=str(lake)), "ingest", 0) as (_, report), report.step("bronze"):
        time.sleep(0.6)  # told at most twice a second
        report.tell(message("doing.storing_lines", count=12345, period="2026-03"))
        assert "storing 12,345 lines of 2026-03" in words(lake)
        assert "gravando 12.345 linhas de 2026-03" in words(lake, "pt-BR")


def test_a_claim_is_loading_or_unfinished(lake: Path) -> None:
    with closing(SqliteLedger(lake / "state" / "ledger.sqlite")) as ledger:
        ledger.put(ledger.deliveries()[0].with_state("claimed"))
    assert "1 unfinished" in words(lake)
    with steps.writing(load_settings(lake=str(lake)), "ingest", 0):
        assert "1 being loaded" in words(lake)


def test_what_silver_does_not_show_yet_is_not_loaded(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An ingest that was killed between bronze and silver."""
    shutil.rmtree(lake / "silver" / "billing_line_items")
    states = Counter(d["state"] for d in look(lake, capsys)["deliveries"])
    assert states == {"unfinished": 3, "superseded": 3}
    assert "3 unfinished" in words(lake)
    with steps.writing(load_settings(lake=str(lake)), "ingest", 0):
        assert "3 being loaded" in words(lake)


def test_looking_changes_nothing(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def everything() -> dict[Path, int]:
        files = [p for p in lake.rglob("*") if p.is_file() and "logs" not in p.parts]
        return {
            p: p.stat().st_mtime_ns for p in files if not p.name.endswith(("-shm", "-wal"))
        }  # SQLite's own

    before = everything()
    look(lake, capsys)
    assert everything() == before


def test_without_a_ledger_the_delta_logs_speak(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(lake / "state")
    said = look(lake, capsys)
    assert sorted(d["state"] for d in said["deliveries"]) == ["loaded"] * 3 + ["superseded"] * 3
    assert len(said["periods"]) == 3


def test_an_empty_lake_and_none(empty_lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert look(empty_lake, capsys)["deliveries"] == []
    assert "No delivery is loaded yet" in words(empty_lake)
    assert look(empty_lake / "none", capsys, code=7)["exit_code"] == 7


def test_watching_ends_with_ctrl_c(
    cur1_csv_lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Console(file=io.StringIO(), force_terminal=True, width=160)
    looks = iter([None, None])

    def sleep(_: float) -> None:
        if next(looks, "ctrl-c") == "ctrl-c":
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "stdout_console", lambda: shown)
    monkeypatch.setattr("pipeline.commands.status.time.sleep", sleep)
    assert cli.main(["status", "--watch", "--lake", str(cur1_csv_lake)]) == 0
    assert "Ctrl-C ends" in shown.file.getvalue()  # type: ignore[attr-defined]
    assert cli.main(["status", "--watch", "--json", "--lake", str(cur1_csv_lake)]) == 2
