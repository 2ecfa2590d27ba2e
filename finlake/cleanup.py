"""CleanupManager: what a run leaves behind goes, and nothing else.

It removes, inside one local lake: `.tmp` and `.bkp` leftovers, landing folders that no claim needs, cache
files by age and size, reports and rotated logs beyond their limits, and builds that were never published or
are no longer a way back. It never touches bronze/ and silver/, the published build and its way back, the
ledger, or anything through a link, on another file system or in another lake. Call it with the lake's writer
lock held. Lakes on S3: not yet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from finlake.lake_tree import MARKER, Entry, LakeTree, Parts, Refused
from finlake.report import REPORT
from finlake.settings import CleanupSettings

OWN_FOLDERS = ("cache", "landing", "logs", "quarantine", "reports", "state", "warehouse")
TEMPORARY = re.compile(r".*\.(tmp|bkp)")
MARKER_LEFTOVER = re.compile(rf"\.{re.escape(MARKER)}\.[0-9a-f]+\.tmp")
ROTATED_LOG = re.compile(r"finlake\.jsonl\.\d+")
BUILD_FILE = re.compile(r"(b(\d{8}T\d{6}Z)-[0-9a-f]{6})\.(duckdb|duckdb\.wal|json)")
BUILD_SPILL = re.compile(r"(b\d{8}T\d{6}Z-[0-9a-f]{6})\.duckdb\.tmp")
READER_GRACE = timedelta(hours=1)
BUILDS: Parts = ("warehouse", "builds")
SKIPPED_TOLD = 100


@dataclass
class CleanupReport:
    """What one clean-up did: files and bytes per kind, and each place left alone with its reason."""

    dry_run: bool = False
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    folders: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)

    @property
    def files(self) -> int:
        return sum(kind["files"] for kind in self.kinds.values())

    @property
    def bytes(self) -> int:
        return sum(kind["bytes"] for kind in self.kinds.values())

    def count(self, kind: str, size: int) -> None:
        """One file of a kind removed, `size` in bytes."""
        counted = self.kinds.setdefault(kind, {"files": 0, "bytes": 0})
        counted["files"] += 1
        counted["bytes"] += size

    def skip(self, path: str, reason: str) -> None:
        """One place left alone; each is told once."""
        line = {"path": path.encode("utf-8", "backslashreplace").decode(), "reason": reason}
        if line not in self.skipped:
            self.skipped.append(line)

    def as_dict(self) -> dict[str, Any]:
        """For the run report; of `skipped` the first 100, and how many there are."""
        return {
            "dry_run": self.dry_run,
            "files": self.files,
            "bytes": self.bytes,
            "folders": self.folders,
            "kinds": self.kinds,
            "skipped": self.skipped[:SKIPPED_TOLD],
            "skipped_total": len(self.skipped),
        }


class CleanupManager:
    """The clean-up of one local lake.

    `now` is an aware instant. Raises NotFound where `lake_root` holds no lake marker; single files that can't
    be removed are reported, never raised.
    """

    def __init__(
        self,
        lake_root: Path | str,
        settings: CleanupSettings,
        now: datetime,
        *,
        dry_run: bool = False,
    ) -> None:
        self.root = Path(lake_root)
        self.settings = settings
        self.now = now
        self.report = CleanupReport(dry_run=dry_run)

    def run(self, *, keep_landing: Collection[str] = ()) -> CleanupReport:
        """Clean up once. `keep_landing`: delivery ids whose landing folder a running claim still needs."""
        with LakeTree(self.root) as tree:
            published = self._published(tree)
            self._temporary(tree, published, keep_landing)
            self._landing(tree, keep_landing)
            self._cache(tree)
            self._reports(tree)
            self._logs(tree)
            self._builds(tree, published)
        return self.report

    # What goes ------------------------------------------------------------------------------------

    def _temporary(self, tree: LakeTree, published: set[str] | None, keep_landing: Collection[str]) -> None:
        for entry in self._entries(tree, ()):
            if entry.kind == "file" and MARKER_LEFTOVER.fullmatch(entry.name):
                self._remove(tree, entry, "temporary")
        for folder in OWN_FOLDERS:
            self._temporary_in(tree, (folder,), published, keep_landing)

    def _temporary_in(
        self, tree: LakeTree, parts: Parts, published: set[str] | None, keep_landing: Collection[str]
    ) -> None:
        for entry in self._entries(tree, parts):
            if parts == ("landing",) and entry.name in keep_landing:
                continue
            if TEMPORARY.fullmatch(entry.name):
                if not self._read_now(entry, published):
                    self._remove_tree(tree, entry, "temporary")
            elif entry.kind == "folder":
                self._temporary_in(tree, entry.parts, published, keep_landing)

    def _read_now(self, entry: Entry, published: set[str] | None) -> bool:
        """Whether this may be the spill folder of somebody's running query on a build that readers use."""
        build = BUILD_SPILL.fullmatch(entry.name)
        fresh = self.now.timestamp() - entry.modified < READER_GRACE.total_seconds()
        if build is None or not fresh or (published is not None and build[1] not in published):
            return False
        self.report.skip(entry.path, "may belong to a running query")
        return True

    def _landing(self, tree: LakeTree, keep: Collection[str]) -> None:
        for entry in self._entries(tree, ("landing",)):
            if entry.name not in keep:
                self._remove_tree(tree, entry, "landing")

    def _cache(self, tree: LakeTree) -> None:
        files = sorted(self._files(tree, ("cache",)), key=lambda entry: (entry.modified, entry.parts))
        limit = self.settings.max_cache_mb * 1_000_000
        held = sum(entry.size for entry in files)
        for entry in files:
            if held > limit or self._older(entry, days=self.settings.max_age_days):
                self._remove(tree, entry, "cache")
                held -= entry.size

    def _reports(self, tree: LakeTree) -> None:
        """The newest stay, with one place free: the report of the present run is written after this."""
        found = [entry for entry in self._entries(tree, ("reports",)) if REPORT.fullmatch(entry.name)]
        for entry in found[: max(0, len(found) - (self.settings.max_reports - 1))]:
            self._remove(tree, entry, "reports")

    def _logs(self, tree: LakeTree) -> None:
        for entry in self._entries(tree, ("logs",)):
            if ROTATED_LOG.fullmatch(entry.name) and self._older(entry, days=self.settings.max_log_days):
                self._remove(tree, entry, "logs")

    def _builds(self, tree: LakeTree, published: set[str] | None) -> None:
        if published is None:
            return
        limit = self.now - timedelta(days=self.settings.unpublished_build_days)
        for entry in self._entries(tree, BUILDS):
            build = BUILD_FILE.fullmatch(entry.name)
            if build and build[1] not in published and _build_instant(build[2]) < limit:
                self._remove(tree, entry, "builds")

    def _published(self, tree: LakeTree) -> set[str] | None:
        """Ids of the published build and its way back; None (= remove no build) where that can't be told."""
        try:
            pointer = json.loads(tree.read(("warehouse", "published.json")))
            previous = [
                item if isinstance(item, str) else item["build_id"] for item in pointer.get("previous", [])
            ]
            return {str(pointer["build_id"]), *map(str, previous)}
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, Refused) as error:
            self.report.skip("warehouse/builds", f"published.json can't be read: {error}")
            return None

    # How it goes ----------------------------------------------------------------------------------

    def _older(self, entry: Entry, *, days: int) -> bool:
        return self.now.timestamp() - entry.modified > timedelta(days=days).total_seconds()

    def _entries(self, tree: LakeTree, parts: Parts) -> list[Entry]:
        """A folder's entries; none, with the reason noted, where it can't or may not be entered."""
        return self._listed(tree, parts) or []

    def _listed(self, tree: LakeTree, parts: Parts) -> list[Entry] | None:
        found: list[Entry] = []
        return found if self._try("/".join(parts), lambda: found.extend(tree.entries(parts))) else None

    def _files(self, tree: LakeTree, parts: Parts) -> Iterable[Entry]:
        for entry in self._entries(tree, parts):
            if entry.kind == "folder":
                yield from self._files(tree, entry.parts)
            elif entry.kind == "file":
                yield entry
            else:
                self.report.skip(entry.path, _left_alone(entry))

    def _remove_tree(self, tree: LakeTree, entry: Entry, kind: str) -> None:
        if entry.kind != "folder":
            self._remove(tree, entry, kind)
            return
        for inner in self._entries(tree, entry.parts):
            self._remove_tree(tree, inner, kind)
        if self.report.dry_run or self._listed(tree, entry.parts) != []:
            return
        if self._try(entry.path, lambda: tree.rmdir(entry.parts)):
            self.report.folders += 1

    def _remove(self, tree: LakeTree, entry: Entry, kind: str) -> None:
        if entry.kind != "file":
            self.report.skip(entry.path, _left_alone(entry))
        elif self.report.dry_run or self._try(entry.path, lambda: tree.unlink(entry.parts)):
            self.report.count(kind, entry.size)

    def _try(self, path: str, action: Callable[[], object]) -> bool:
        """Whether the action went through. What has vanished meanwhile is no error; the rest is noted."""
        try:
            action()
        except FileNotFoundError:
            return False
        except Refused as reason:
            self.report.skip(path, str(reason))
            return False
        except OSError as error:
            self.report.skip(path, (error.strerror or str(error)).lower())
            return False
        return True


def _left_alone(entry: Entry) -> str:
    return "symlink" if entry.kind == "symlink" else f"no regular file ({entry.kind})"


def _build_instant(text: str) -> datetime:
    """The instant in a build id; a date that doesn't exist counts as just now, so the file stays."""
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
