"""One kit for all tests of the folder, and a lake on its S3 that grows as a bill does, built on both targets each time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.progress import Progress

from expectations import statements
from expectations.results import ROWS, Check
from finlake import objects
from finlake.errors import AuditFailed
from finlake.lake import Lake, open_lake
from finlake.settings import Settings, load_settings
from pipeline.ml_tables import Label, add_label, write_run
from pipeline.steps import run_all
from pipeline.targets import target_of
from tests.athena.kit import Kit, athena
from tests.athena.trino import OLDEST_JAVA, java_home
from tests.conftest import missing
from tests.pipeline.conftest import deliveries, golden
from tests.pipeline.ingesting import Bucket, command
from tests.pipeline.ml_results import OTHER_SERIES, forecasts, frames

__all__ = ["deliveries", "golden"]

LAKE = "s3://lake/finlake"
ALWAYS_WRONG = Check("cost_monthly", "always wrong", "error", ROWS, "select * from {batch}", layer="gold")
LAYOUT = "cur2_parquet"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test waits for Trino (fetched, the first time) and for three builds."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(1500))


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
        self.seen: list[tuple[str, Any]] = []
        self.killed = 0
        self.failed_report: dict[str, Any] = {}

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

    def score(self, *ids: str, cost: float) -> bool:
        """A scoring run a month and a half before the newest day of usage, so that all that it says has come; and a label."""
        (newest,) = self.target("athena").athena.rows("select max(last_usage_date) as day from freshness")
        origin = newest["day"] - timedelta(45)
        said = frames(origin, *ids, cost=cost) | {"forecasts": forecasts(origin, cost, others=OTHER_SERIES)}
        changed = write_run(self.lake, origin, said, build_id="b", data_version="d")
        add_label(self.lake, Label(ids[0], "expected", "rui", datetime(2026, 4, 29, 11, 0, tzinfo=UTC)))
        return changed

    def published(self) -> tuple[str, Any]:
        """What readers see on Athena: the build, and the money of all months."""
        target = self.target("athena")
        rows = list(
            target.athena.rows("select sum(unblended_cost) as cost, sum(line_count) as lines from cost_daily")
        )
        return target.builds.pointer().build_id, rows

    def disturbed(self) -> None:
        """The next delivery, with a run whose checks find something, and one that is killed between audit and publication."""
        self.bucket.deliver(self.arriving.pop(0)["manifest"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(statements, "business_checks", lambda present: [ALWAYS_WRONG])
            with pytest.raises(AuditFailed, match="always wrong"):
                self.run("athena")
        self.failed_report = json.loads(
            objects.read(f"{self.lake.reports}/{max(objects.names(self.lake.reports))}")
        )
        self.seen.append(self.published())
        asked = ("run", "--lake", LAKE, "--source", self.bucket.root, "--target", "athena")
        self.killed = command(*asked, FINLAKE_FAILPOINT="before_publish").returncode
        self.seen.append(self.published())

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
    """Two months; then another version of one of them, at first disturbed; then all of it on DuckDB too."""
    arriving = [d for d in deliveries if d["delivery"] == LAYOUT and d["manifest"]]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in kit.environment(state_home).items():
            patch.setenv(name, value)
        growing = Growing(tmp_path_factory.mktemp("source"), golden, arriving)
        growing.deliver(2)
        growing.score("a", "b", cost=1000.0)
        growing.seen.append(growing.published())
        growing.disturbed()
        growing.deliver(0)
        growing.seen.append(growing.published())
        growing.run("duckdb")
    return growing
