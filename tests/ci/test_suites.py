"""Each test belongs to one suite with a budget; `make test` runs every suite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.suites import ROOT, suite_of, suites


@pytest.mark.parametrize(
    ("path", "markers", "suite"),
    [
        ("tests/finlake/test_x.py", set(), "unit"),
        ("tests/test_docs.py", set(), "unit"),
        ("tests/spark_jobs/test_x.py", set(), "jobs"),
        ("tests/pipeline/test_x.py", set(), "lake"),
        ("tests/pipeline/test_x.py", {"kill", "timeout"}, "faults"),
        ("tests/faults/test_x.py", set(), "faults"),
        ("tests/e2e/test_x.py", {"spark"}, "spark"),
        ("tests/dags/test_x.py", {"airflow"}, "airflow"),
        ("tests/e2e/test_x.py", set(), "e2e"),
        ("tests/e2e/test_lake_on_s3.py", set(), "s3"),
        ("tests/ledger/test_x.py", {"kill"}, "s3"),
    ],
)
def test_markers_before_folders_and_the_rest_is_unit(path: str, markers: set[str], suite: str) -> None:
    assert suite_of(path, markers) == suite


def test_a_file_outside_of_tests_has_no_suite() -> None:
    with pytest.raises(LookupError):
        suite_of("elsewhere/test_x.py", set())


def test_this_test_got_its_marker(request: pytest.FixtureRequest) -> None:
    assert [m.name for m in request.node.iter_markers() if m.name.startswith("suite_")] == ["suite_unit"]


def test_make_runs_every_suite_and_knows_no_other() -> None:
    makefile = Path(ROOT, "Makefile").read_text(encoding="utf-8")
    named = re.search(r"^SUITES\s*:= (.*)$", makefile, re.MULTILINE)
    assert named is not None and set(named[1].split()) == set(suites())
    for name in suites():
        assert re.search(
            rf"^test-.*\btest-{name}\b.*: test-%:|^test-{name}\b.*: test-%:", makefile, re.MULTILINE
        ), name
    assert all(Path(ROOT, path).exists() for said in suites().values() for path in said.get("paths", []))
