"""Builds of the marts and which of them is published. Write, audit, publish: readers follow one pointer, replaced at once.

Embedded: each build is one DuckDB file (schema `marts`), never changed once it has its sidecar. The pointer names the
published build and the ones before it, so that going back is one more replacement of the pointer.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
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
    """An audited build: when (UTC ISO), from which inputs (billing period -> fingerprint), by which project state."""

    build_id: str
    created_at: str
    project: str
    inputs: Mapping[str, str]
    built_periods: Sequence[str]
    checks: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[Any] = ()


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


class Warehouse:
    """The builds of one lake. Writers hold the lake's lock; readers need none."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    @property
    def workplace(self) -> Path:
        """Where dbt builds: always the same local file, so that dbt's parsed project stays valid between builds."""
        base = Path(self.lake.root) if self.lake.is_local else self.lake.state_dir
        return base / "warehouse" / BUILDING

    def pointer(self) -> Pointer | None:
        """What is published now, or None."""
        try:
            return Pointer(**json.loads(objects.read(self._uri("published.json"))))
        except FileNotFoundError:
            return None

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
        """Audited builds whose database is still there, newest first."""
        names = set(objects.names(self._uri("builds")))
        ids = sorted((n.removesuffix(".json") for n in names if n.endswith(".json")), reverse=True)
        return [self.build(build_id) for build_id in ids if f"{build_id}.duckdb" in names]

    def ids(self) -> set[str]:
        """Every build of which something is there, also what a killed run left."""
        found = (name.partition(".")[0] for name in objects.names(self._uri("builds")))
        return {name for name in found if _ID.fullmatch(name)}

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
        objects.write_atomically(self._uri("builds", f"{build.build_id}.json"), _json(asdict(build)))

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
        self.build(build_id)
        before = self.pointer()
        if before and before.build_id == build_id and list(before.withdrawn) == list(withdrawn):
            return before
        known = [before.build_id, *before.previous] if before else []
        previous = [b for b in known if b != build_id and b not in withdrawn][:keep]
        pointer = Pointer(build_id, now.isoformat(), previous, list(withdrawn))
        reach("before_publish")
        objects.write_atomically(self._uri("published.json"), _json(asdict(pointer)))
        reach("after_publish")
        return pointer

    def forget(self, build_id: str) -> None:
        """Remove a build that is neither published nor a way back: its sidecar first, then it is none any more. On S3 also what
        this machine brought of it."""
        for name in (f"{build_id}.json", f"{build_id}.duckdb"):
            objects.remove(self._uri("builds", name))
        if not self.lake.is_local:
            self._brought(build_id).unlink(missing_ok=True)

    def _brought(self, build_id: str) -> Path:
        return self.lake.state_dir / "warehouse" / f"{build_id}.duckdb"

    def _uri(self, *parts: str) -> str:
        return self.lake.uri("warehouse", *parts)


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, indent=1, sort_keys=True, default=list).encode()
