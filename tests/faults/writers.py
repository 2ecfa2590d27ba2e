"""Writers that meet: behind the lock one waits or is told; past the lock (two machines, one S3 prefix) Delta lets one win."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path
from typing import Any

from tests.faults import scenes
from tests.faults.kit import Case, kind, told_to_people
from tests.faults.scenes import Bucket
from tests.faults.warm import Run

BUSY, RACES = 5, 4


@kind("writers")
def two_writers(case: Case) -> None:
    """Four races of two ingests on one lake, each in another way; nobody doubles a line, and the end is the clean one."""
    bucket = scenes.random_bucket(case.chance, case.folder / "bucket")
    clean, seconds = case.clean_ingest(bucket.root)
    wanted = scenes.tables(clean, scenes.ORDER)
    ways = [together, paused_behind_the_lock, past_the_lock, paused_past_the_lock]
    for number in range(RACES):
        lake = case.folder / "lake"
        shutil.rmtree(lake, ignore_errors=True)
        way = ways[(case.number + number) % len(ways)]
        way(case, lake, bucket, seconds)
        case.faults[f"two writers {way.__name__.replace('_', ' ')}"] += 1
        assert_nothing_doubled(lake, bucket)
        case.ingest(lake, bucket.root)
        scenes.assert_same(scenes.tables(lake, scenes.ORDER), wanted)
        case.assert_settled(lake, bucket.root)


def together(case: Case, lake: Path, bucket: Bucket, seconds: float) -> None:
    """Both started at the same instant, or one a little later: one does it, the other is told or finds it done."""
    first = _start(case, lake, bucket)
    time.sleep(case.chance.choice((0.0, 0.0, case.chance.uniform(0, seconds))))
    codes = [run.finish() for run in (first, _start(case, lake, bucket))]
    assert 0 in codes and set(codes) <= {0, BUSY}, codes


def paused_behind_the_lock(case: Case, lake: Path, bucket: Bucket, seconds: float) -> None:
    """A stopped writer keeps its lock for as long as it lives: the other gives up, and the first ends well."""
    first = _start(case, lake, bucket)
    if first.wait(case.chance.uniform(0.2, max(0.3, seconds))) is None:
        first.send(signal.SIGSTOP)
    second = _start(case, lake, bucket, "--wait", "0.5")
    code = second.finish()
    first.send(signal.SIGCONT)
    assert code in (0, BUSY), second.text()[-800:]
    if code == BUSY:
        told_to_people(second)
    assert first.finish() in (0, BUSY), first.text()[-800:]


def past_the_lock(case: Case, lake: Path, bucket: Bucket, seconds: float) -> None:
    """Two machines, each with its own lock and ledger, at the same time."""
    first = _start(case, lake, bucket, hooks=_machine(case, "a"))
    time.sleep(case.chance.uniform(0, seconds / 2))
    second = _start(case, lake, bucket, hooks=_machine(case, "b"))
    _one_won(first, second)


def paused_past_the_lock(case: Case, lake: Path, bucket: Bucket, seconds: float) -> None:
    """One machine is stopped on its way, the other does the whole work, then the first goes on from what it knew."""
    first = _start(case, lake, bucket, hooks=_machine(case, "a"))
    if first.wait(case.chance.uniform(0.2, max(0.3, seconds))) is None:
        first.send(signal.SIGSTOP)
    second = _start(case, lake, bucket, hooks=_machine(case, "b"))
    second.finish()
    first.send(signal.SIGCONT)
    _one_won(first, second)


def _start(case: Case, lake: Path, bucket: Bucket, *more: str, hooks: dict[str, Any] | None = None) -> Run:
    return case.warm.start("ingest", "--lake", lake, "--source", bucket.root, *more, hooks=hooks)


def _machine(case: Case, name: str) -> dict[str, Any]:
    state = case.folder / f"machine-{name}"
    shutil.rmtree(state, ignore_errors=True)
    return {"machine": str(state)}


def _one_won(first: Run, second: Run) -> None:
    """At least one goes through; one that lost says so in words, with the exit code of a busy lake."""
    codes = [first.finish(), second.finish()]
    assert 0 in codes and set(codes) <= {0, BUSY}, (codes, first.text()[-700:], second.text()[-700:])
    for run, code in zip((first, second), codes, strict=True):
        if code:
            told_to_people(run)


def assert_nothing_doubled(lake: Path, bucket: Bucket) -> None:
    """Whatever the writers did, each month shows one of its versions, whole and once."""
    for month, costs in scenes.shown(lake).items():
        versions = [d.costs() for d in bucket.delivered if d.month == month]
        assert costs in versions, f"{month} shows no whole version"
