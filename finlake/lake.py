"""A lake: one folder (or S3 prefix) with finlake's tables, its state and its published marts.

Everything that finlake writes lies under the lake's root; the marker file says that a folder is one, which engine writes it and
where its ledger is. Local lakes keep their state (ledger, lock, landing) inside; a lake on S3 keeps it in a folder of this
machine, and the ledger is rebuilt from the Delta logs wherever it is missing. With a ledger in DynamoDB all machines share one.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from finlake import objects
from finlake.errors import ConfigurationError, LakeBusy, NotFound, UsageError

MARKER = "finlake-lake.json"
FORMAT = 1
UNUSABLE = "%[]*?"
SQLITE = "sqlite"
"""How settings and commands name the embedded ledger."""


@dataclass(frozen=True)
class Lake:
    """An opened lake. `root` is an absolute local path or `s3://bucket/prefix`; `state_dir` is always local; `engine`
    is the one that writes it; `ledger` a DynamoDB table (`dynamodb://table`), or None for SQLite in `state_dir`."""

    root: str
    lake_id: str
    state_dir: Path
    engine: str
    ledger: str | None = None

    @property
    def is_local(self) -> bool:
        return not objects.is_s3(self.root)

    def uri(self, *parts: str) -> str:
        """Location of something inside the lake, as a path or an s3:// address."""
        return "/".join([self.root, *parts])

    def table_uri(self, layer: str, table: str) -> str:
        """Where the Delta table `<layer>.<table>` lies (bronze tables add their generation)."""
        return self.uri(layer, table)

    @property
    def landing(self) -> Path:
        """Local transit folder for delivered files; emptied after the bronze commit."""
        return Path(self.root, "landing") if self.is_local else self.state_dir / "landing"

    @property
    def reports(self) -> str:
        """Where each run leaves its report, as a path or an s3:// address."""
        return self.uri("reports")

    @contextmanager
    def writing(self, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold the lake's writer lock: one writing process at a time. The lock dies with its process; the lease of a lake with
        a ledger in DynamoDB, some seconds later.

        Raises LakeBusy where another process still holds it after `wait_seconds`.
        """
        self.state_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.state_dir / "lake.lock")
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout:
            raise LakeBusy.of("lake_busy", where=self.root) from None
        try:
            with self.leased(wait_seconds):
                yield
        finally:
            lock.release()

    def leased(self, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """The lease alone, for a process that holds the lock: nothing where the ledger is SQLite."""
        if self.ledger is None:
            return nullcontext()
        from finlake import lease

        return lease.held(self.ledger, self.lake_id, wait_seconds)

    def check_lease(self) -> None:
        """Before what no later commit would refuse: raise LakeBusy where this process slept past its lease. Nothing where the
        ledger is SQLite."""
        if self.ledger is not None:
            from finlake import lease

            lease.check(self.ledger, self.lake_id)


def create_or_open(location: str, engine: str | None = None, ledger: str | None = None) -> Lake:
    """Open the lake at `location`, making an empty one where there is none, for `engine` (default: duckdb) and with `ledger`
    (`dynamodb://table`, default: SQLite).

    Raises UsageError where the folder holds other things, so that finlake never spreads into a folder that isn't its own.
    """
    root = objects.absolute(location)
    if objects.exists(f"{root}/{MARKER}"):
        return open_lake(location)
    if found := [character for character in UNUSABLE if character in root]:
        raise UsageError.of("lake_path_unusable", where=root, characters=" ".join(found))
    foreign = [name for name in objects.names(root) if not name.startswith(".")]
    if foreign and MARKER not in foreign:  # else another process has just made it a lake
        raise UsageError.of("lake_folder_foreign", where=root, names=", ".join(sorted(foreign)[:3]))
    marker = _marker(uuid.uuid4().hex, engine or "duckdb", None if ledger == SQLITE else ledger)
    objects.write_new(f"{root}/{MARKER}", marker)
    return open_lake(location)


def check_engine(lake: Lake, engine: str | None) -> None:
    """Raise ConfigurationError where the settings ask for another engine than the one that writes this lake."""
    if engine not in (None, lake.engine):
        raise ConfigurationError.of(
            "engine_of_lake_differs", where=lake.root, of_lake=lake.engine, wanted=str(engine)
        )


def change_engine(lake: Lake, engine: str) -> Lake:
    """Let another engine write the lake from now on. The caller holds the writer lock."""
    objects.write_atomically(f"{lake.root}/{MARKER}", _marker(lake.lake_id, engine, lake.ledger))
    return open_lake(lake.root)


def check_ledger(lake: Lake, ledger: str | None) -> None:
    """Raise ConfigurationError where the settings name another ledger than this lake's."""
    if ledger not in (None, lake.ledger or SQLITE):
        raise ConfigurationError.of(
            "ledger_of_lake_differs", where=lake.root, of_lake=lake.ledger or SQLITE, wanted=str(ledger)
        )


def with_ledger(lake: Lake, ledger: str) -> Lake:
    """The lake as it would be with another ledger; nothing is written."""
    return replace(lake, ledger=None if ledger == SQLITE else ledger)


def change_ledger(lake: Lake, ledger: str) -> Lake:
    """Let the lake use another ledger from now on. The caller holds the writer lock, and has filled the new one."""
    marker = _marker(lake.lake_id, lake.engine, with_ledger(lake, ledger).ledger)
    objects.write_atomically(f"{lake.root}/{MARKER}", marker)
    return open_lake(lake.root)


def _marker(lake_id: str, engine: str, ledger: str | None) -> bytes:
    said = {"lake_id": lake_id, "format": FORMAT, "engine": engine} | ({"ledger": ledger} if ledger else {})
    return json.dumps(said, indent=1).encode()


def open_lake(location: str) -> Lake:
    """Open an existing lake. Raises NotFound where there is none."""
    root = objects.absolute(location)
    try:
        marker = json.loads(objects.read(f"{root}/{MARKER}"))
    except FileNotFoundError:
        raise NotFound.of("lake_missing", where=root) from None
    return Lake(
        root=root,
        lake_id=marker["lake_id"],
        state_dir=_state_dir(root, marker["lake_id"]),
        engine=marker.get("engine", "duckdb"),
        ledger=marker.get("ledger"),
    )


def _state_dir(root: str, lake_id: str) -> Path:
    """Of a lake on S3 by its place and its id: a copy elsewhere, and a new lake where one was emptied, know nothing of it."""
    if not objects.is_s3(root):
        return Path(root) / "state"
    base = Path(os.environ.get("FINLAKE_STATE_HOME") or Path.home() / ".local" / "state" / "finlake")
    return base / hashlib.sha256(f"{root} {lake_id}".encode()).hexdigest()[:16]
