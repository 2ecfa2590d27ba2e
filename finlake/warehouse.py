"""Builds of the marts and which of them is published. Write, audit, publish: readers follow one pointer, replaced at once.

A build is one once its sidecar lies in the lake. The pointer names the published build and the ones before it, so that going
back is one more replacement of the pointer. Embedded (`Warehouse`): each build is one DuckDB file (schema `marts`). On Athena
(finlake/athena_warehouse.py) it is rows of Iceberg tables.
"""

from __future__ import annotations

import json
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from finlake import objects
from finlake.errors import NotFound
from finlake.failpoints import reach
from finlake.lake import Lake

BUILDING = "building.duckdb"


@dataclass(frozen=True)
class Build:
    """An audited build: when (UTC ISO), from which inputs (billing period -> fingerprint), by which project state. `rows_of`,
    where builds share tables: billing period -> the build that made its rows. `results`: fingerprint of what the models said
    that it shows, empty where they said nothing; no month depends on it."""

    build_id: str
    created_at: str
    project: str
    inputs: Mapping[str, str]
    built_periods: Sequence[str]
    checks: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[Any] = ()
    rows_of: Mapping[str, str] = field(default_factory=dict)
    results: str = ""


@dataclass(frozen=True)
class Pointer:
    """What is published: the build, since when (UTC ISO), the builds before it, newest first, and the builds that a
    rollback took back: those are not published again unless they are asked for by name."""

    build_id: str
    published_at: str
    previous: Sequence[str] = ()
    withdrawn: Sequence[str] = ()


_STAMP = "b%Y%m%dT%H%M%SZ"
_ID = re.compile(r"b\d{8}T\d{6}Z-[0-9a-f]{6}")


def new_build_id(now: datetime, newest: str | None = None) -> str:
    """An id that sorts behind all others, also where the clock was put back since `newest`, or stands at its second."""
    if newest:
        last = datetime.strptime(newest.partition("-")[0], _STAMP).replace(tzinfo=UTC)
        now = max(now, last + timedelta(seconds=1))
    return f"{now:{_STAMP}}-{secrets.token_hex(3)}"


class Builds(ABC):
    """The builds of one lake on one engine. Writers hold the lake's lock; readers need none."""

    folder: tuple[str, ...] = ("warehouse",)

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    @abstractmethod
    def pointer(self) -> Pointer | None:
        """What is published now, or None."""

    @abstractmethod
    def _show(self, pointer: Pointer, build: Build) -> None:
        """Make it what readers see, at once."""

    @abstractmethod
    def _has_rows(self, build_id: str, names: Collection[str]) -> bool:
        """Whether the marts of a build with a sidecar are still there. `names`: what lies beside the sidecars."""

    @abstractmethod
    def _forget_rows(self, build_ids: Collection[str], published: str) -> None:
        """Remove the marts of builds whose sidecars are gone; nothing of builds that are newer than the published one."""

    def published(self) -> Build | None:
        pointer = self.pointer()
        return self.build(pointer.build_id) if pointer else None

    def build(self, build_id: str) -> Build:
        """An audited build. Raises NotFound."""
        try:
            return Build(**json.loads(objects.read(self._uri("builds", f"{build_id}.json"))))
        except FileNotFoundError:
            raise NotFound.of("build_missing", where=self.lake.root, build=build_id) from None

    def builds(self) -> list[Build]:
        """Audited builds whose marts are still there, newest first."""
        names = set(objects.names(self._uri("builds")))
        ids = sorted((n.removesuffix(".json") for n in names if n.endswith(".json")), reverse=True)
        return [self.build(build_id) for build_id in ids if self._has_rows(build_id, names)]

    def ids(self) -> set[str]:
        """Every build of which something is there, also what a killed run left."""
        found = (name.partition(".")[0] for name in objects.names(self._uri("builds")))
        return {name for name in found if _ID.fullmatch(name)}

    def candidate(self) -> str | None:
        """The newest build that no rollback took back: what publishing without a name shows."""
        pointer = self.pointer()
        withdrawn = set(pointer.withdrawn) if pointer else set()
        return next((build.build_id for build in self.builds() if build.build_id not in withdrawn), None)

    def publish(self, build_id: str, now: datetime, keep: int) -> Pointer:
        """Make a build what readers see. Idempotent. Raises NotFound for an unknown build."""
        before = self.pointer()
        return self._point(
            build_id, now, keep, [b for b in before.withdrawn if b != build_id] if before else []
        )

    def rollback(self, build_id: str, now: datetime, keep: int) -> Pointer:
        """Publish an earlier build and take back the present one. Raises NotFound for an unknown build."""
        before = self.pointer()
        taken_back = {*before.withdrawn, before.build_id} - {build_id} if before else set[str]()
        return self._point(build_id, now, keep, sorted(taken_back))

    def _point(self, build_id: str, now: datetime, keep: int, withdrawn: Sequence[str]) -> Pointer:
        build, before = self.build(build_id), self.pointer()
        if before and before.build_id == build_id and list(before.withdrawn) == list(withdrawn):
            return before
        known = [before.build_id, *before.previous] if before else []
        previous = [b for b in known if b != build_id and b not in withdrawn][:keep]
        pointer = Pointer(build_id, now.isoformat(), previous, list(withdrawn))
        reach("before_publish")
        self.lake.check_lease()
        self._show(pointer, build)
        reach("after_publish")
        return pointer

    def forget_old(self, keep: int) -> None:
        """Remove builds older than the published one that no way back leads to any more: their sidecars first, then they are
        none any more."""
        pointer = self.pointer()
        if pointer is None:
            return
        kept = {pointer.build_id, *pointer.previous[:keep]}
        old = [build_id for build_id in sorted(self.ids() - kept) if build_id < pointer.build_id]
        if old:
            self.lake.check_lease()
        for build_id in old:
            objects.remove(self._uri("builds", f"{build_id}.json"))
        if old:
            self._forget_rows(old, pointer.build_id)

    def _keep_sidecar(self, build: Build) -> None:
        objects.write_atomically(self._uri("builds", f"{build.build_id}.json"), _json(asdict(build)))

    def _uri(self, *parts: str) -> str:
        return self.lake.uri(*self.folder, *parts)


class Warehouse(Builds):
    """Embedded: one DuckDB file a build, never changed once it has its sidecar; the pointer is one file."""

    @property
    def workplace(self) -> Path:
        """Where dbt builds: always the same local file, so that dbt's parsed project stays valid between builds."""
        base = Path(self.lake.root) if self.lake.is_local else self.lake.state_dir
        return base / "warehouse" / BUILDING

    def pointer(self) -> Pointer | None:
        try:
            return Pointer(**json.loads(objects.read(self._uri("published.json"))))
        except FileNotFoundError:
            return None

    def database(self, build_id: str) -> Path:
        """The build's database as a local file; one on S3 is brought into the state folder once. Raises NotFound."""
        self.build(build_id)
        if self.lake.is_local:
            return Path(self._uri("builds", f"{build_id}.duckdb"))
        local = self._brought(build_id)
        if not local.exists():
            objects.write_atomically(str(local), objects.read(self._uri("builds", f"{build_id}.duckdb")))
        return local

    def keep(self, build: Build) -> None:
        """Take the finished workplace over as an audited build: the database first, the sidecar makes it one."""
        objects.put_file(self.workplace, self._uri("builds", f"{build.build_id}.duckdb"))
        self._keep_sidecar(build)

    def _show(self, pointer: Pointer, build: Build) -> None:
        objects.write_atomically(self._uri("published.json"), _json(asdict(pointer)))

    def _has_rows(self, build_id: str, names: Collection[str]) -> bool:
        return f"{build_id}.duckdb" in names

    def _forget_rows(self, build_ids: Collection[str], published: str) -> None:
        """On S3 also what this machine brought of them."""
        for build_id in build_ids:
            objects.remove(self._uri("builds", f"{build_id}.duckdb"))
            if not self.lake.is_local:
                self._brought(build_id).unlink(missing_ok=True)

    def _brought(self, build_id: str) -> Path:
        return self.lake.state_dir / "warehouse" / f"{build_id}.duckdb"


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, indent=1, sort_keys=True, default=list).encode()
