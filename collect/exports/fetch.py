"""Bring a delivery's files to the landing and prove that they are one delivery: nothing moved while they were read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from collect.exports.discover import Delivery
from collect.exports.manifest import moved
from collect.source import Copied, MovedUnderReader, Source, Stat

_FILES_AT_ONCE = 2
_Wanted = tuple[Stat, Path | None]
"""An object, and where its copy goes; None: it is only hashed."""


class _Ended(Exception):
    """Another copy has failed: this one is of no use any more."""


@dataclass(frozen=True)
class Landed:
    """A delivery's local copies, in the manifest's order: (key as delivered, path), what was copied, and its identity."""

    files: tuple[tuple[str, Path], ...]
    copied: tuple[Copied, ...]
    delivery_id: str

    @property
    def byte_count(self) -> int:
        return sum(file.size for file in self.copied)


def fetch(source: Source, delivery: Delivery, folder: Path, progress: Callable[[int], None]) -> Landed:
    """Copy all files, then look at all of them and at the manifest again: an overwrite that goes on meanwhile shows there.

    Raises DeliveryRefused where anything moved.
    """
    files = tuple(
        (stat.key, folder / f"{number:05d}-{Path(stat.key).name}")
        for number, stat in enumerate(delivery.files, start=1)
    )
    wanted = [(stat, path) for stat, (_, path) in zip(delivery.files, files, strict=True)]
    copied = _unmoved(source, delivery, wanted, progress)
    return Landed(files, copied, identity(delivery, copied))


def recognise(source: Source, delivery: Delivery, progress: Callable[[int], None]) -> str:
    """The delivery's identity, its files hashed where they lie. Raises DeliveryRefused where anything moved."""
    wanted = [(stat, None) for stat in delivery.files]
    return identity(delivery, _unmoved(source, delivery, wanted, progress))


def _unmoved(
    source: Source, delivery: Delivery, wanted: Sequence[_Wanted], progress: Callable[[int], None]
) -> tuple[Copied, ...]:
    copied = _copied(source, wanted, progress)
    for stat in (*delivery.files, delivery.manifest.stat):
        if source.stat(stat.key) != stat:
            raise moved(stat.key)
    return copied


def _copied(source: Source, wanted: Sequence[_Wanted], progress: Callable[[int], None]) -> tuple[Copied, ...]:
    """All files, some at once: hashing, the disk and the network wait for each other otherwise. What goes wrong with one, or an
    interruption, ends the others at their next chunk."""
    ended = Event()

    def told(count: int) -> None:
        if ended.is_set():
            raise _Ended
        progress(count)

    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        copies = [(stat, pool.submit(source.copy, stat, path, told)) for stat, path in wanted]
        try:
            return tuple(_outcome(stat, copy) for stat, copy in copies)
        except BaseException:
            ended.set()
            pool.shutdown(cancel_futures=True)
            raise


def _outcome(stat: Stat, copy: Future[Copied]) -> Copied:
    try:
        return copy.result()
    except MovedUnderReader:
        raise moved(stat.key) from None


def identity(delivery: Delivery, copied: tuple[Copied, ...]) -> str:
    """16 hex digits: same export, month and set of (key, size, SHA-256), same delivery, whatever AWS calls it."""
    named = zip(delivery.manifest.keys, copied, strict=True)
    parts = sorted((key, file.size, file.sha256) for key, file in named)
    said = [delivery.manifest.export_id, delivery.manifest.billing_period, parts]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
