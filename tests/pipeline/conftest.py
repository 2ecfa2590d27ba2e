"""Golden data and lakes that several ingestion tests look at; loading is the expensive part, so each is loaded once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.once import once
from tests.pipeline import ingesting


@pytest.fixture(scope="session")
def golden(shared_data: Path) -> Path:
    """Folder of the golden bill."""
    folder = shared_data / "golden" / "billing"
    if not folder.is_dir():
        missing(f"the golden data in {folder}")
    return folder


@pytest.fixture(scope="session")
def totals(golden: Path) -> dict[str, Any]:
    """expected/totals.json: steps and the figures of every version."""
    return dict(json.loads((golden / "expected" / "totals.json").read_text()))


@pytest.fixture(scope="session")
def deliveries(golden: Path) -> list[dict[str, Any]]:
    """expected/deliveries.json: which manifest arrives at which step."""
    return list(json.loads((golden / "expected" / "deliveries.json").read_text()))


@pytest.fixture(scope="session")
def cur1_parquet_lake(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lake with the legacy CUR in Parquet at S6. Read only."""
    return _loaded(golden / "cur1_parquet_overwrite" / "asof_S6", tmp_path_factory)


@pytest.fixture(scope="session")
def cur2_csv_lake(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lake with the CUR 2.0 in CSV. Read only."""
    return _loaded(golden / "cur2_csv", tmp_path_factory)


@pytest.fixture(scope="session")
def cur2_parquet_lake(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lake with all deliveries of the CUR 2.0 in Parquet, taken in at once. Read only."""
    return _loaded(golden / "cur2_parquet", tmp_path_factory)


@pytest.fixture(scope="session")
def cur1_csv_lake(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lake with all deliveries of the legacy CUR in CSV, taken in at once. Read only."""
    return _loaded(golden / "cur1_csv_versions", tmp_path_factory)


def _loaded(source: Path, factory: pytest.TempPathFactory) -> Path:
    def load(folder: Path) -> None:
        said = ingesting.ingest(folder / "lake", source)
        assert not said["refused"], said["refused"]

    return once(factory, f"loaded-{source.parent.name}-{source.name}", load) / "lake"
