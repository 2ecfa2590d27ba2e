"""pytest plugin: each test gets the marker `suite_<name>` of its suite (tests/suites.yml); `make test-<name>` runs one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).with_suffix(".yml")
ROOT = FILE.parent.parent


@cache
def suites() -> dict[str, dict[str, Any]]:
    """Suite -> minutes, markers, paths, in the order in which they claim a test."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8"))["suites"])


def suite_of(path: str, markers: set[str]) -> str:
    """The suite of a test: its file as `tests/...` with slashes, and the names of its markers."""
    for name, said in suites().items():
        here = any(path == folder or path.startswith(f"{folder}/") for folder in said.get("paths", []))
        if here or markers & set(said.get("markers", [])):
            return name
    raise LookupError(f"no suite of {FILE.name} takes {path}")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known (markers are strict here)."""
    for name, said in suites().items():
        config.addinivalue_line("markers", f"suite_{name}: {said['says']}; given by {FILE.name}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before pytest chooses by -m."""
    for item in items:
        if not item.path.is_relative_to(ROOT):
            continue
        markers = {marker.name for marker in item.iter_markers()}
        name = suite_of(item.path.relative_to(ROOT).as_posix(), markers)
        item.add_marker(f"suite_{name}")
