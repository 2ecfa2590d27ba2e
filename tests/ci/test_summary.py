"""The CI summary: suites from JUnit files, coverage groups from coverage's own numbers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.dbt.test_a" name="x" time="1.5"/>
<testcase classname="tests.dbt.test_b.TestC" name="y" time="0.5"><failure message="no"/></testcase>
<testcase classname="tests.house.test_c" name="z" time="0.25"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(scope="module")
def summary() -> ModuleType:
    """.ci/summary.py as a module (its folder is no package)."""
    spec = importlib.util.spec_from_file_location("ci_summary", PROJECT / ".ci" / "summary.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ci_summary"] = module
    spec.loader.exec_module(module)
    return module


def counts(lines: int, line_total: int, branches: int, branch_total: int) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "covered_lines": lines,
            "num_statements": line_total,
            "covered_branches": branches,
            "num_branches": branch_total,
        }
    }


def test_suites_add_up_over_reports(summary: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "fast.xml").write_text(JUNIT, encoding="utf-8")
    (tmp_path / "slow.xml").write_text(JUNIT, encoding="utf-8")
    found = summary.suites(tmp_path)
    assert set(found) == {"dbt", "house"}
    assert (found["dbt"].tests, found["dbt"].failed, found["dbt"].seconds) == (4, 2, 4.0)
    assert found["house"].skipped == 2
    assert summary.suite_table(found).splitlines()[1].split() == ["dbt", "4", "2", "0", "4.0"]


def test_money_and_ledger_are_shown_apart(summary: ModuleType) -> None:
    table = summary.coverage_table(
        {"finlake/ledger/sqlite.py": counts(8, 10, 3, 4), "spark_jobs/silver/x.py": counts(5, 5, 0, 0)}
    )
    rows = {line[:26].strip(): line[26:].split() for line in table.splitlines()}
    assert rows["all"] == ["86.7%", "75.0%"]
    assert rows["ledger and commits"] == ["80.0%", "75.0%"]
    assert rows["money code"] == ["100.0%", "-"]


BUDGETS = """
suites:
  unit: {minutes: 1, paths: [tests]}
  faults: {minutes: 2, paths: [tests/faults]}
steps:
  lint: {minutes: 1}
"""


def run_of(reports: Path, suite: str, seconds: float, tests: int = 1) -> None:
    cases = '<testcase classname="tests.a.test_b" name="x" time="1"/>' * tests
    report = f'<testsuites><testsuite time="{seconds}">{cases}</testsuite></testsuites>'
    (reports / f"{suite}.xml").write_text(report, encoding="utf-8")


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    """A budget file; the reports of a run within it lie beside it."""
    file = tmp_path / "suites.yml"
    file.write_text(BUDGETS, encoding="utf-8")
    run_of(tmp_path, "unit", 71.9, tests=3)
    run_of(tmp_path, "faults", 10)
    (tmp_path / "lint.seconds").write_text("59\n", encoding="utf-8")
    return file


def verdicts(summary: ModuleType, budgets: Path) -> dict[str, str]:
    return {one.name: one.verdict for one in summary.timed(budgets.parent, budgets)}


def test_up_to_a_fifth_over_its_budget_a_suite_passes(summary: ModuleType, budgets: Path) -> None:
    assert verdicts(summary, budgets) == {"unit": "ok", "faults": "ok", "lint": "ok"}
    rows = summary.budget_table(summary.timed(budgets.parent, budgets)).splitlines()
    assert rows[1].split() == ["unit", "3", "72", "60", "ok"] and rows[3].split() == [
        "lint",
        "59",
        "60",
        "ok",
    ]


def test_more_than_that_fails(summary: ModuleType, budgets: Path) -> None:
    run_of(budgets.parent, "unit", 72.1)
    (budgets.parent / "lint.seconds").write_text("90", encoding="utf-8")
    found = verdicts(summary, budgets)
    assert found == {"unit": "20% OVER BUDGET", "faults": "ok", "lint": "50% OVER BUDGET"}


def test_a_suite_that_did_not_run_fails(summary: ModuleType, budgets: Path) -> None:
    run_of(budgets.parent, "unit", 0.5, tests=0)
    (budgets.parent / "faults.xml").unlink()
    assert verdicts(summary, budgets) == {"unit": "DID NOT RUN", "faults": "DID NOT RUN", "lint": "ok"}


def test_the_exit_code_follows_the_budgets(
    summary: ModuleType, budgets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(summary.timed, "__defaults__", (budgets,))
    monkeypatch.setattr(summary, "read_coverage", lambda _: {})
    assert summary.main(budgets.parent) == 0
    run_of(budgets.parent, "faults", 200)
    assert summary.main(budgets.parent) == 1
    assert "faults: 67% OVER BUDGET" in capsys.readouterr().err


def test_no_report_is_a_failure(summary: ModuleType, tmp_path: Path) -> None:
    assert summary.main(tmp_path) == 1
