"""A lake's folders as the clean-up may see them: through directory handles, never through a link.

Every step down opens one name relative to its parent's handle with O_NOFOLLOW, so that neither a symlink nor
a folder exchanged for one meanwhile can lead outside. Folders on another file system and other lakes inside
are not entered.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from finlake.errors import NotFound

MARKER = "finlake-lake.json"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

Parts = tuple[str, ...]


class Refused(Exception):
    """A place that may not be entered or changed; the message is the reason told to the user."""


@dataclass(frozen=True)
class Entry:
    """One name in the lake: `parts` from its root, `size` in bytes, `modified` in seconds since 1970."""

    parts: Parts
    kind: str  # file, folder, symlink, other
    size: int
    modified: float

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def path(self) -> str:
        return "/".join(self.parts)


class LakeTree:
    """An open lake root. Use as a context manager; raises NotFound where the folder isn't a lake."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            self._fd = os.open(root, _FOLDER)
        except OSError as error:
            raise _no_lake(root, error.strerror or str(error)) from error
        self._device = os.fstat(self._fd).st_dev
        try:
            self._check_marker()
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> LakeTree:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def _check_marker(self) -> None:
        try:
            marker = json.loads(self.read((MARKER,)))
        except (OSError, ValueError, Refused) as error:
            raise _no_lake(self.root, f"{MARKER} can't be read: {error}") from error
        if not isinstance(marker, dict) or not marker.get("lake_id"):
            raise _no_lake(self.root, f"{MARKER} names no lake_id")

    def read(self, parts: Parts) -> bytes:
        """The bytes of one regular file. Raises OSError or Refused."""
        with self._folder(parts[:-1]) as folder:
            fd = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            with os.fdopen(fd, "rb") as handle:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise Refused("no regular file")
                return handle.read()

    def entries(self, parts: Parts) -> list[Entry]:
        """What lies directly in a folder, without what vanishes meanwhile. Raises OSError or Refused."""
        with self._folder(parts) as folder:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - a handle, no path
            found = []
            for name in names:
                try:
                    found.append(_entry((*parts, name), os.stat(name, dir_fd=folder, follow_symlinks=False)))
                except FileNotFoundError:
                    continue
            return found

    def unlink(self, parts: Parts) -> None:
        """Remove one file by name. Raises OSError or Refused."""
        with self._folder(parts[:-1]) as folder:
            os.unlink(parts[-1], dir_fd=folder)

    def rmdir(self, parts: Parts) -> None:
        """Remove one empty folder. Raises OSError or Refused."""
        with self._folder(parts[:-1]) as folder:
            os.rmdir(parts[-1], dir_fd=folder)

    @contextmanager
    def _folder(self, parts: Parts) -> Iterator[int]:
        """A handle on a folder inside the lake, reached name by name."""
        fd = os.dup(self._fd)
        try:
            for name in parts:
                deeper = self._enter(fd, name)
                os.close(fd)
                fd = deeper
            yield fd
        finally:
            os.close(fd)

    def _enter(self, parent: int, name: str) -> int:
        if name in ("", ".", "..") or "/" in name:
            raise Refused(f"{name!r} is no plain name")
        try:
            fd = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise Refused("symlink" if _is_link(parent, name) else "no folder") from error
        try:
            if os.fstat(fd).st_dev != self._device:
                raise Refused("another file system")
            if _has_marker(fd):
                raise Refused("another lake")
        except BaseException:
            os.close(fd)
            raise
        return fd


def _is_link(parent: int, name: str) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def _has_marker(folder: int) -> bool:
    try:
        os.stat(MARKER, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _entry(parts: Parts, status: os.stat_result) -> Entry:
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "symlink"))
    kind = next((name for test, name in kinds if test(status.st_mode)), "other")
    return Entry(parts, kind, status.st_size, status.st_mtime)


def _no_lake(root: Path, reason: str) -> NotFound:
    return NotFound.of("lake_marker_wrong", where=str(root), detail=reason)
