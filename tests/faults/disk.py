"""The disk is full at a random moment of ingest, build or publish: an error for people, whole tables, a clean result later."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.whole_run import published
from tests.faults import scenes
from tests.faults.kills import TOTALS, assert_recovers, month_before
from tests.faults.kit import Case, kind, told_to_people

FULL_IN_AN_INGEST, FULL_IN_A_RUN = 3, 2
SIZE_MB = 200


def can_mount() -> bool:
    """Whether this user may mount a small disk (root, or a container with that right)."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A disk of its own at a folder, gone at the end."""
    place.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs"]
    subprocess.run(["mount", *options, str(place)], check=True)
    try:
        yield place
    except BaseException:
        (place / "ballast").unlink(missing_ok=True)
        shutil.copytree(place, place.with_name(f"{place.name}-as-it-was"), dirs_exist_ok=True)
        raise
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def leave(disk: Path, free: int) -> None:
    """Fill the disk up to so many free bytes."""
    there = os.statvfs(disk)
    (disk / "ballast").unlink(missing_ok=True)
    there = os.statvfs(disk)
    with (disk / "ballast").open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, max(4096, there.f_bavail * there.f_bsize - free))


def empty(disk: Path) -> None:
    (disk / "ballast").unlink()


def used(disk: Path) -> int:
    said = os.statvfs(disk)
    return (said.f_blocks - said.f_bfree) * said.f_bsize


@kind("disk_full_ingest")
def full_in_an_ingest(case: Case) -> None:
    """Three times the space ends in an ingest; then there is space again."""
    bucket = scenes.random_bucket(case.chance, case.folder / "bucket")
    with small_disk(case.folder / "disk") as disk:
        clean, _ = case.clean_ingest(bucket.root)
        wanted = scenes.tables(clean)
        needed = sum(f.stat().st_size + 4096 for f in clean.rglob("*") if f.is_file())
        lake = disk / "lake"
        for _ in range(FULL_IN_AN_INGEST * 4):
            leave(disk, int(needed * case.chance.uniform(0.0, 1.0)))
            run = case.warm.start("ingest", "--lake", lake, "--source", bucket.root)
            if run.finish() == 0:
                shutil.rmtree(lake)
                continue
            told_to_people(run)
            case.faults["disk full in an ingest"] += 1
            if case.faults["disk full in an ingest"] == FULL_IN_AN_INGEST:
                break
        empty(disk)
        case.ingest(lake, bucket.root)
        scenes.assert_same(scenes.tables(lake), wanted)
        case.assert_settled(lake, bucket.root)


@kind("disk_full_run")
def full_in_a_run(case: Case) -> None:
    """Twice the space ends in a whole run over a published month: readers keep what they had."""
    scene = month_before(case)
    with small_disk(case.folder / "disk") as disk:
        lake = disk / "lake"
        shutil.copytree(scene["before"], lake)
        clean = scene["before"].parent / "clean"
        needed = sum(f.stat().st_size for f in clean.rglob("*") if f.is_file()) - used(disk)
        for _ in range(FULL_IN_A_RUN):
            leave(disk, int(max(needed, 8 << 20) * case.chance.uniform(0.0, 1.2)))
            run = case.warm.start("run", "--lake", lake, "--source", scene["bucket"].root)
            if run.finish() == 0:
                break
            told_to_people(run)
            case.faults["disk full in a whole run"] += 1
            assert tuple(published(lake, TOTALS)) in scene["totals"], "readers lost what was published"
        empty(disk)
        assert_recovers(case, lake, scene)
        case.assert_settled(lake, scene["bucket"].root)
