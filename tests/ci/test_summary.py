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
        {"finlake/ledger.py": counts(8, 10, 3, 4), "spark_jobs/silver/x.py": counts(5, 5, 0, 0)}
    )
    rows = {line[:26].strip(): line[26:].split() for line in table.splitlines()}
    assert rows["all"] == ["86.7%", "75.0%"]
    assert rows["ledger and commits"] == ["80.0%", "75.0%"]
    assert rows["money code"] == ["100.0%", "-"]


def test_no_report_is_a_failure(summary: ModuleType, tmp_path: Path) -> None:
    assert summary.main(tmp_path) == 1
