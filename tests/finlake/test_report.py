"""A run report says what happened, also when the run failed, and never carries a float amount or a secret."""

from __future__ import annotations

import json
import re
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finlake import interrupts
from finlake.errors import DeliveryRefused, FinlakeError, Warned
from finlake.report import RunReport


def written(folder: Path) -> dict[str, Any]:
    (file,) = folder.iterdir()
    report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return report


def test_a_run_that_ends_well(tmp_path: Path) -> None:
    with RunReport("run", tmp_path, lake="/a/lake") as report:
        with report.step("ingest") as step:
            step.rows = 3
            step.details["deliveries"] = 1
        with report.step("build"):
            pass
        report.add_total(payer_id="900100000001", currency="BRL", unblended_cost=Decimal("1E-12"))
        report.warn(Warned.of("line_types_unknown", where="março", types=["Novo"]))
        report.cleanup = {"files": 0}
    found = written(tmp_path)
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z-run-[0-9a-f]{6}", found["run_id"])
    assert next(tmp_path.iterdir()).name == found["run_id"] + ".json"
    assert (found["outcome"], found["error"], found["lake"]) == ("ok", None, "/a/lake")
    assert [(step["name"], step["rows"], step["outcome"]) for step in found["steps"]] == [
        ("ingest", 3, "ok"),
        ("build", None, "ok"),
    ]
    assert found["steps"][0]["details"] == {"deliveries": 1}
    assert all(step["seconds"] >= 0 and step["started_at"].endswith("+00:00") for step in found["steps"])
    assert found["totals"] == [
        {"payer_id": "900100000001", "currency": "BRL", "unblended_cost": "0.000000000001"}
    ]
    [warning] = found["warnings"]
    assert (warning["code"], warning["where"], warning["values"]) == (
        "line_types_unknown",
        "março",
        {"types": ["Novo"]},
    )
    assert warning["what"].endswith("counted as billed: Novo") and found["format"] == 2
    assert found["started_at"].endswith("+00:00")


def test_a_run_that_fails_is_reported_and_still_fails(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused), RunReport("ingest", tmp_path) as report, report.step("check"):
        raise DeliveryRefused("truncated", where="a.csv.gz", intact="the period", next_step="wait")
    found = written(tmp_path)
    assert found["outcome"] == "failed" and found["steps"][0]["outcome"] == "failed"
    assert found["error"]["where"] == "a.csv.gz" and found["error"]["exit_code"] == 3


def test_unexpected_and_interrupted_runs_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RunReport("build", tmp_path / "a"):
        raise ZeroDivisionError("by zero")
    assert written(tmp_path / "a")["error"] == {"error": "ZeroDivisionError", "what": "by zero"}
    with pytest.raises(KeyboardInterrupt), RunReport("build", tmp_path / "b") as report, report.step("dbt"):
        raise KeyboardInterrupt
    found = written(tmp_path / "b")
    assert found["outcome"] == found["steps"][0]["outcome"] == "interrupted"


def test_names_that_are_no_text_can_be_reported(tmp_path: Path) -> None:
    with RunReport("run", tmp_path) as report:
        report.details["file"] = "a\udcff.csv"
    assert written(tmp_path)["details"]["file"] == "a\udcff.csv"


def test_float_amounts_are_refused(tmp_path: Path) -> None:
    with RunReport("run", tmp_path) as report, pytest.raises(TypeError, match="unblended_cost"):
        report.add_total(unblended_cost=1.5)  # type: ignore[arg-type]


def test_secrets_are_hidden(tmp_path: Path) -> None:
    with RunReport("run", tmp_path) as report:
        report.details["aws"] = {"secret_access_key": "abc/def", "region": "sa-east-1"}
        place = "signed: https://b/k?X-Amz-Signature=0123abcd&x=1 by AKIAIOSFODNN7EXAMPLE"
        report.warn(Warned.of("several_currencies", where=place, currencies=[place]))
    text = next(tmp_path.iterdir()).read_text()
    assert "abc/def" not in text and "0123abcd" not in text and "AKIA" not in text
    assert "sa-east-1" in text


def test_a_report_that_cannot_be_written_says_so_and_hides_no_other_error(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be")
    unwritable = pytest.raises(FinlakeError, match="run report can't be written")
    with unwritable, RunReport("run", tmp_path / "reports"):
        pass
    with pytest.raises(ZeroDivisionError), RunReport("run", tmp_path / "reports"):
        raise ZeroDivisionError


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    with RunReport("run", tmp_path):
        pass
    assert [file.suffix for file in tmp_path.iterdir()] == [".json"]


class Swallowing:
    """What a finaliser raises Python only prints: so does it with an interruption that strikes there."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_python_swallows_stops_the_run_at_its_next_step(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    interrupts.listen()
    try:
        with pytest.raises(KeyboardInterrupt), RunReport("run", tmp_path) as report:
            with report.step("ingest"):
                Swallowing()
            with report.step("build"):
                pytest.fail("the run went on")
        found = written(tmp_path)
        assert found["outcome"] == "interrupted"
        assert [(step["name"], step["outcome"]) for step in found["steps"]] == [("ingest", "ok")]
    finally:
        interrupts.forget()
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


def test_reports_of_one_second_sort_by_their_start(tmp_path: Path) -> None:
    made = [Path(RunReport("run", tmp_path).path).name for _ in range(20)]
    assert made == sorted(made)
