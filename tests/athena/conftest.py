"""One kit for all tests of the folder, and a lake on its S3 that grows as a bill does, built on both targets each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.progress import Progress

from finlake.lake import Lake, open_lake
from finlake.settings import Settings, load_settings
from pipeline.steps import run_all
from pipeline.targets import target_of
from tests.athena.kit import Kit, athena
from tests.athena.trino import OLDEST_JAVA, java_home
from tests.conftest import missing
from tests.pipeline.conftest import deliveries, golden
from tests.pipeline.ingesting import Bucket

__all__ = ["deliveries", "golden"]

LAKE = "s3://lake/finlake"
LAYOUT = "cur2_parquet"


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """Athena's endpoint, Trino and moto."""
    if java_home() is None:
        missing(f"Java {OLDEST_JAVA} or newer, for Trino")
    folder = tmp_path_factory.mktemp("athena")
    with athena(folder) as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.environment(folder / "state").items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="lake")
        yield started


@pytest.fixture(autouse=True)
def in_the_kits_environment(kit: Kit, monkeypatch: pytest.MonkeyPatch, state_home: Path) -> None:
    """Each test finds the kit as AWS."""
    for name, value in kit.environment(state_home).items():
        monkeypatch.setenv(name, value)


class Growing:
    """A lake and its source: deliveries of the golden bill arrive step by step, and are built on Athena each time."""

    def __init__(self, source: Path, golden: Path, arriving: list[dict[str, Any]]) -> None:
        self.bucket, self.arriving = Bucket(golden / LAYOUT, source), arriving
        self.said: list[dict[str, Any]] = []

    def settings(self, target: str) -> Settings:
        return load_settings(lake=LAKE, source=str(self.bucket.root), target=target)

    @property
    def lake(self) -> Lake:
        return open_lake(LAKE)

    def deliver(self, count: int) -> None:
        """The next deliveries, and a run on target athena."""
        for delivery in self.arriving[:count]:
            self.bucket.deliver(delivery["manifest"])
        del self.arriving[:count]
        self.said.append(self.run("athena"))

    def run(self, target: str) -> dict[str, Any]:
        return run_all(self.settings(target), Progress(disable=True))

    def target(self, name: str) -> Any:
        return target_of(self.lake, self.settings(name))


@pytest.fixture(scope="session")
def grown(
    kit: Kit,
    golden: Path,
    deliveries: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
    state_home: Path,
) -> Growing:
    """Two months, then another version of one of them; then all of it on DuckDB too."""
    arriving = [d for d in deliveries if d["delivery"] == LAYOUT and d["manifest"]]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in kit.environment(state_home).items():
            patch.setenv(name, value)
        growing = Growing(tmp_path_factory.mktemp("source"), golden, arriving)
        growing.deliver(2)
        growing.deliver(1)
        growing.run("duckdb")
    return growing
