"""pytest plugin: with FINLAKE_CI=1 a skipped test is a failed one, so CI can't grow a hole without a word.

On a user's machine a test whose tool or data is missing skips and says why. The exception in CI is a test
marked `user_only("reason")`: one that only makes sense on a person's machine.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known (markers are strict here)."""
    config.addinivalue_line("markers", "user_only(reason): may skip in CI, for the reason given")


def skips_are_failures() -> bool:
    """True in CI."""
    return os.environ.get("FINLAKE_CI") == "1"


def as_failure(report: Any) -> None:
    """Turn a skip report into a failure that repeats the reason of the skip."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"skipped in CI, where every tool and data set must be there: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that skips (an expected failure is no skip) fails in CI unless marked user_only."""
    report = yield
    expected_failure = hasattr(report, "wasxfail")
    if (
        report.skipped
        and skips_are_failures()
        and not expected_failure
        and not item.get_closest_marker("user_only")
    ):
        as_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """A module that skips itself whole (importorskip) fails in CI."""
    report = yield
    if report.skipped and skips_are_failures():
        as_failure(report)
    return report
