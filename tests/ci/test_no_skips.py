"""The rule "a skip in CI is a failure", run on a small suite of its own in a second pytest process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

SUITE = """
import pytest

def test_skips():
    pytest.skip("no such tool")

@pytest.mark.skipif(True, reason="marked")
def test_marked(): ...

@pytest.mark.user_only("needs a screen")
def test_for_people():
    pytest.skip("no screen")

@pytest.mark.xfail
def test_expected_failure():
    raise AssertionError

def test_passes(): ...
"""


def outcome(folder: Path, suite: str, *, ci: bool) -> tuple[int, str]:
    """Exit code and output of the suite with the plugin loaded."""
    (folder / "test_suite.py").write_text(suite, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.ci_no_skips",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
    ]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "FINLAKE_CI": "1" if ci else ""}
    done = subprocess.run(
        [*command, "--rootdir", str(folder), str(folder)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_skips_are_failures_in_ci(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, SUITE, ci=True)
    assert code == 1
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 1 error" in text
    assert "skipped in CI" in text and "no such tool" in text and "marked" in text


def test_skips_are_skips_on_a_users_machine(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, SUITE, ci=False)
    assert code == 0
    assert "1 passed, 3 skipped, 1 xfailed" in text


def test_a_module_that_skips_itself_fails_in_ci(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", ci=True)
    assert code != 0
    assert "skipped in CI" in text
