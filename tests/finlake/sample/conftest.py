"""Bills of the sample as canonical lines, and a small sample on disk; made once a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from finlake.sample import bill, facts
from finlake.sample.generate import write_sample
from finlake.sample.lines import Line
from finlake.sample.plan import Edition, Request, editions
from tests.once import once

Bills = list[tuple[Edition, list[Line]]]
SMALL = Request(seed=7, months=3, end_month="2026-10")


@pytest.fixture(scope="session")
def bills() -> Bills:
    """Every delivery of the default sample."""
    org = facts.load()
    return [(each, bill.lines_of(org, each)) for each in editions(org, Request(7, 14, org.end_month))]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of three months on disk."""
    return once(tmp_path_factory, "sample", lambda folder: write_sample(folder / "small", SMALL)) / "small"


@pytest.fixture(scope="session")
def truth(written: Path) -> dict[str, Any]:
    """The truth file of that sample."""
    return dict(json.loads((written / "truth.json").read_text(encoding="utf-8")))
