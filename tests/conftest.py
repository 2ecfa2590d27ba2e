"""What all tests share: a zone far from UTC, a clean environment, temporary lakes, reference data, tools."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Whoever forgets UTC fails here. Set before anything asks for the local zone; child processes inherit it.
os.environ["TZ"] = "America/Sao_Paulo"
time.tzset()

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
IN_CI = os.environ.get("FINLAKE_CI") == "1"
KEPT_VARIABLES = {"FINLAKE_CI"}

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "local", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("local"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "local"))


def missing(what: str) -> None:
    """Something that a test needs isn't here: a failure in CI, a skip with its reason elsewhere."""
    if IN_CI:
        pytest.fail(f"missing in CI: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


@pytest.fixture(scope="session")
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the state and log of lakes on S3 go while the tests run."""
    return tmp_path_factory.mktemp("state-home")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, state_home: Path) -> None:
    """The settings of the person who runs the tests change nothing, and their state stays untouched."""
    for name in list(os.environ):
        if name.startswith("FINLAKE_") and name not in KEPT_VARIABLES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("FINLAKE_STATE_HOME", str(state_home))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the reference data (golden totals, outside samples) that may stand beside the repository."""
    if not SHARED_DATA.is_dir():
        missing(f"the reference data in {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """`need("git")` gives the tool's path, or skips the test (fails it in CI) when it isn't installed."""

    def find(tool: str) -> str:
        found = shutil.which(tool)
        if found is None:
            missing(f"the tool `{tool}` on the PATH")
        return str(found)

    return find


@pytest.fixture
def empty_lake(tmp_path: Path) -> Path:
    """A folder that is a lake (it has the marker) and holds nothing else yet."""
    lake = tmp_path / "a-lake"
    lake.mkdir()
    marker = {"lake_id": "0" * 32, "format": 1, "engine": "duckdb"}
    (lake / "finlake-lake.json").write_text(json.dumps(marker), encoding="utf-8")
    return lake
