"""Checks of one lake and its source: reachable, writable, room left, lock, ledger, published build."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
from difflib import get_close_matches
from pathlib import Path

from finlake import ledgers
from finlake.errors import FinlakeError, LakeBusy, NotFound
from finlake.lake import Lake
from finlake.settings import CONFIG_NAME, ENV_PREFIX, Settings, environment_names, is_s3
from pipeline.doctor.checks import Finding, Say

DISK_FAIL_GB = 1
DISK_WARN_GB = 5


def settings_file(say: Say, config: Path | None) -> Finding:
    """Which configuration counts, and FINLAKE_* variables that nothing reads."""
    known = environment_names()
    unknown = [
        name for name in sorted(os.environ) if name.startswith(ENV_PREFIX) and not _is_known(name, known)
    ]
    if unknown:
        named = ", ".join(_with_suggestion(name, known) for name in unknown)
        return say.warn("settings", "settings_unknown", "settings_unknown_advice", names=named)
    file = config or Path(CONFIG_NAME)
    if file.is_file():
        return say.ok("settings", "settings_file", file=file)
    return say.ok("settings", "settings_defaults")


def _is_known(name: str, known: list[str]) -> bool:
    return any(name == one or name.startswith(f"{one}__") for one in known)


def _with_suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"{name} ({close[0]}?)" if close else name


def lake(say: Say, settings: Settings) -> Finding:
    """The lake is there, or its place is free for one."""
    from finlake import objects
    from finlake.lake import MARKER, open_lake

    try:
        if is_s3(settings.lake):
            _require(settings.lake)
        if not objects.exists(f"{settings.lake}/{MARKER}"):
            names = [name for name in objects.names(settings.lake) if not name.startswith(".")]
        else:
            return say.ok("lake", "lake_ok", lake=open_lake(settings.lake).root)
    except (OSError, ValueError, KeyError, FinlakeError) as error:
        return say.fail("lake", "lake_unreachable", "reach_advice", lake=settings.lake, error=error)
    if names:
        return say.fail("lake", "lake_foreign", "lake_foreign_advice", lake=settings.lake)
    return say.ok("lake", "lake_new", lake=settings.lake)


def write(say: Say, settings: Settings) -> Finding:
    """A file can be written where the lake is or will be. On S3 nothing is tried: no test objects there."""
    if is_s3(settings.lake):
        return say.ok("write", "write_s3")
    folder = _nearest_folder(settings.lake)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".finlake-doctor-", suffix=".tmp") as probe:
            probe.write(b"finlake")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return say.fail("write", "write_no", "write_advice", folder=folder, error=error.strerror or error)
    return say.ok("write", "write_ok", folder=folder)


def disk(say: Say, settings: Settings, free_bytes: int | None = None) -> Finding:
    """Room for a build beside the published one. For a lake on S3: room in the temporary folder."""
    folder = Path(tempfile.gettempdir()) if is_s3(settings.lake) else _nearest_folder(settings.lake)
    free = (shutil.disk_usage(folder).free if free_bytes is None else free_bytes) // 1_000_000_000
    values = {"gigabytes": free, "folder": folder}
    if free < DISK_FAIL_GB:
        return say.fail("disk", "disk_found", "disk_advice", wanted=DISK_FAIL_GB, **values)
    if free < DISK_WARN_GB:
        return say.warn("disk", "disk_found", "disk_advice", wanted=DISK_WARN_GB, **values)
    return say.ok("disk", "disk_found", **values)


def lock(say: Say, settings: Settings) -> Finding:
    """Whether another process is writing. Only looked at where a lake is; looking leaves it free."""
    from finlake.lake import open_lake

    try:
        opened = open_lake(settings.lake)
        if not opened.state_dir.is_dir():
            return say.ok("lock", "lock_free")
        with opened.writing():
            return say.ok("lock", "lock_free")
    except LakeBusy:
        return say.warn("lock", "lock_held", "lock_advice")
    except NotFound:
        return say.ok("lock", "lock_free")


def ledger(say: Say, settings: Settings) -> Finding:
    """The ledgers of bill and metrics can be read as a whole. Damage is no loss: they are rebuilt from the Delta logs."""
    from finlake.lake import open_lake

    try:
        opened = open_lake(settings.lake)
    except NotFound:
        return say.ok("ledger", "ledger_none")
    if opened.ledger is not None:
        return _shared_ledger(say, opened)
    there = [file for name in ledgers.FILES if (file := opened.state_dir / name).is_file()]
    if not there:
        return say.ok("ledger", "ledger_none")
    for file in there:
        if (answer := _quick_check(file)) != "ok":
            return say.fail("ledger", "ledger_broken", "ledger_advice", file=file, error=answer)
    return say.ok("ledger", "ledger_ok")


def _shared_ledger(say: Say, lake: Lake) -> Finding:
    """Every item that a run reads can be read; one of another machine is seen here too."""
    try:
        found = ledgers.bill_ledger(lake).deliveries()
        ledgers.metric_ledger(lake).days()
    except FinlakeError as error:
        return say.fail(
            "ledger",
            "ledger_unreached",
            "ledger_unreached_advice",
            table=lake.ledger,
            error=error.detail or error.what,
        )
    return say.ok("ledger", "ledger_shared", table=lake.ledger, deliveries=len(found))


def _quick_check(file: Path) -> str:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as con:
            return str(con.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)


def published(say: Say, settings: Settings) -> Finding:
    """The pointer to the published build can be read and its database is there."""
    if is_s3(settings.lake):
        return _published_remotely(say, settings)
    pointer = Path(settings.lake, "warehouse", "published.json")
    try:
        build = json.loads(pointer.read_text(encoding="utf-8"))["build_id"]
        database = pointer.parent / "builds" / f"{build}.duckdb"
        database.open("rb").close()
    except FileNotFoundError as error:
        if not pointer.exists():
            return say.ok("published", "published_none")
        return say.fail(
            "published", "published_broken", "published_advice", file=error.filename, error=error.strerror
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        return say.fail("published", "published_broken", "published_advice", file=pointer, error=error)
    return say.ok("published", "published_ok", build=build)


def _published_remotely(say: Say, settings: Settings) -> Finding:
    """On S3 or Athena: what is published, and its build, can be read."""
    from finlake import objects
    from finlake.lake import MARKER, open_lake
    from pipeline.targets import target_of

    if not objects.exists(f"{settings.lake}/{MARKER}"):
        return say.ok("published", "published_none")
    try:
        build = target_of(open_lake(settings.lake), settings).builds.published()
    except FinlakeError as error:
        return say.fail("published", "published_broken", "published_advice", file=error.where, error=error)
    return (
        say.ok("published", "published_ok", build=build.build_id)
        if build
        else say.ok("published", "published_none")
    )


def source(say: Say, settings: Settings) -> Finding:
    """The source can be listed and holds something."""
    from finlake import objects

    if settings.source is None:
        return say.warn("source", "source_none", "source_none_advice")
    values = {"source": settings.source}
    try:
        _require(settings.source)
        found = objects.names(settings.source)
    except (OSError, FinlakeError) as error:
        return say.fail("source", "source_unreachable", "reach_advice", error=error, **values)
    if not found:
        return say.warn("source", "source_empty", "source_empty_advice", **values)
    return say.ok("source", "source_ok", **values)


def _require(place: str) -> None:
    """Raises NotFound for a folder or a bucket that doesn't exist: listing it would only show nothing."""
    from finlake import objects

    if not is_s3(place):
        if not Path(place).is_dir():
            raise NotFound.of("source_missing", where=place)
        return
    bucket = place.removeprefix("s3://").partition("/")[0]
    if not objects.exists(f"s3://{bucket}"):
        raise NotFound.of("bucket_missing", where=place, bucket=bucket)


def _nearest_folder(place: str) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    folder = Path(place)
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())
