"""kill -9 at every failpoint and at random moments: run again, and the tables are what one clean run gives."""

from __future__ import annotations

import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from finlake.failpoints import POINTS
from tests.e2e.whole_run import published
from tests.faults import scenes
from tests.faults.kit import Case, copy, kind

BUILD_FROM = POINTS.index("after_control_tables")
INGEST_POINTS, BUILD_POINTS = POINTS[: BUILD_FROM + 1], POINTS[BUILD_FROM:]
KILLS_OF_AN_INGEST, KILLS_OF_A_BUILD, KILLS_OF_SPARK = 5, 4, 3
QUICK_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
NOTHING: dict[str, str] = {}
POLL_SECONDS = 0.2
TOTALS = " union all ".join(
    f"(select '{mart}', billing_period, count(*), sum(unblended_cost), sum(net_amortized_cost) "
    f"from {mart} group by all order by all)"
    for mart in ("cost_monthly", "cost_daily", "cost_by_resource_daily")
)
"""One statement over several marts: they are of one build."""


class Reader(threading.Thread):
    """Polls the published marts all the time and keeps every answer that it got, and the error that ended it."""

    def __init__(self, lake: Path) -> None:
        super().__init__(daemon=True)
        self.lake, self.answers, self.stopped, self.reads = lake, set[Any](), threading.Event(), 0
        self.failed: Exception | None = None

    def run(self) -> None:
        try:
            while not self.stopped.is_set():
                self.answers.add(tuple(published(self.lake, TOTALS)))
                self.reads += 1
                time.sleep(POLL_SECONDS)
        except Exception as error:
            self.failed = error


@contextmanager
def reading(lake: Path) -> Iterator[Reader]:
    reader = Reader(lake)
    reader.start()
    yield reader
    reader.stopped.set()
    reader.join()
    if reader.failed is not None:
        raise AssertionError("a reader could not read what is published") from reader.failed


@kind("ingest_kill")
def ingest_kill(case: Case) -> None:
    """One lake dies in an ingest five times, each time somewhere else; a lake that got through is begun anew."""
    bucket = scenes.random_bucket(case.chance, case.folder / "bucket")
    clean, seconds = case.clean_ingest(bucket.root)
    wanted, lake = scenes.tables(clean), case.folder / "lake"
    scenes.assert_shows_newest(clean, bucket)
    arguments = ("ingest", "--lake", lake, "--source", bucket.root)
    tries = 0
    while case.faults["ingest killed"] < KILLS_OF_AN_INGEST and (tries := tries + 1) < 40:
        if killed(case, arguments, _point(case, INGEST_POINTS), seconds):
            case.faults["ingest killed"] += 1
        else:
            scenes.assert_same(scenes.tables(lake), wanted)
            shutil.rmtree(lake)
    case.ingest(lake, bucket.root)
    scenes.assert_same(scenes.tables(lake), wanted)
    case.assert_settled(lake, bucket.root)


@kind("spark_kill")
def spark_kill(case: Case) -> None:
    """The same on engine spark, three times on one lake; the clean tables are engine duckdb's."""
    bucket = scenes.random_bucket(case.chance, case.folder / "bucket")
    clean, _ = case.clean_ingest(bucket.root)
    wanted, lake = scenes.tables(clean), case.folder / "lake"
    arguments, tries = ("ingest", "--lake", lake, "--source", bucket.root), 0
    environment = {"FINLAKE_ENGINE": "spark", "JAVA_TOOL_OPTIONS": QUICK_JVM}
    seconds = case.scratch.get("spark seconds", 40.0)
    while case.faults["ingest on spark killed"] < KILLS_OF_SPARK and (tries := tries + 1) < 12:
        if killed(case, arguments, _point(case, INGEST_POINTS), seconds, environment):
            case.faults["ingest on spark killed"] += 1
        else:
            scenes.assert_same(scenes.tables(lake), wanted)
            shutil.rmtree(lake)
    started = time.monotonic()
    case.ingest(lake, bucket.root, **environment)
    case.scratch["spark seconds"] = time.monotonic() - started
    scenes.assert_same(scenes.tables(lake), wanted)
    case.assert_settled(lake, bucket.root)


def _point(case: Case, points: tuple[str, ...]) -> str | None:
    """A failpoint in turn, some for the second or third time; None: a random moment."""
    if case.chance.random() < 0.4:
        return None
    nth = case.chance.choice((1, 1, 1, 2, 3))
    return f"{points[(case.number + case.chance.randint(0, 50)) % len(points)]}:{nth}"


def killed(
    case: Case,
    arguments: tuple[Any, ...],
    point: str | None,
    seconds: float,
    environment: dict[str, str] = NOTHING,
) -> bool:
    """Start a command and kill it at a point or a random moment; False where it ended well before."""
    if point:
        run = case.warm.start(*arguments, **environment, FINLAKE_FAILPOINT=point)
    else:
        run = case.warm.start(*arguments, **environment)
        run.wait(case.chance.uniform(0.0, seconds))
        run.send(signal.SIGKILL)
    code = run.finish()
    assert code in (0, -signal.SIGKILL), f"exit {code} at {point}: {run.text()[-1500:]}"
    return code == -signal.SIGKILL


def month_before(case: Case) -> dict[str, Any]:
    """Made once for a worker: a lake that shows a month, its restatement in the bucket, and the clean result."""
    if "before" in case.scratch:
        return case.scratch
    root = case.folder.parent / "scene"
    shutil.rmtree(root, ignore_errors=True)
    chance = random.Random(f"{case.seed}/month before")
    bucket, first = scenes.Bucket(root / "bucket"), scenes.delivery(chance, "csv", "2026-03", 1, 2)
    bucket.deliver(first)
    bucket.deliver(scenes.delivery(chance, "cur2", "2026-02", 1))
    case.whole_run(root / "before", bucket.root)
    bucket.deliver(scenes.restated(chance, first, 5))
    bucket.deliver(scenes.delivery(chance, "cur2", "2026-04", 1))
    copy(root / "before", root / "clean")
    started = time.monotonic()
    case.whole_run(root / "clean", bucket.root)
    scenes.assert_shows_newest(root / "clean", bucket)
    case.scratch |= {
        "before": root / "before",
        "bucket": bucket,
        "seconds": time.monotonic() - started,
        "totals": [tuple(published(root / name, TOTALS)) for name in ("before", "clean")],
        "wanted": scenes.tables(root / "clean") | scenes.marts(root / "clean"),
    }
    assert case.scratch["totals"][0] != case.scratch["totals"][1]
    return case.scratch


def assert_recovers(case: Case, lake: Path, scene: dict[str, Any]) -> None:
    """A whole run goes through; then tables and marts are the clean ones."""
    case.whole_run(lake, scene["bucket"].root)
    scenes.assert_same(scenes.tables(lake) | scenes.marts(lake), scene["wanted"])


@kind("build_kill")
def build_kill(case: Case) -> None:
    """A whole run dies four times on its way through build and publish, watched by a reader."""
    scene, lake = month_before(case), case.folder / "lake"
    copy(scene["before"], lake)
    arguments = ("run", "--lake", lake, "--source", scene["bucket"].root)
    with reading(lake) as reader:
        for number in range(1, KILLS_OF_A_BUILD + 1):
            last = number == KILLS_OF_A_BUILD  # what is published leaves the next run nothing to do
            point = _point(case, BUILD_POINTS if last else BUILD_POINTS[:-1])
            at_most = scene["seconds"] * (1.0 if last else 0.6)
            if not killed(case, arguments, point and point.partition(":")[0], at_most):
                break
            case.faults["build or publish killed"] += 1
        assert_recovers(case, lake, scene)
    case.faults["reader polls"] += reader.reads
    assert reader.reads and reader.answers <= set(scene["totals"]), "the reader saw a mix"
    case.assert_settled(lake, scene["bucket"].root)
