"""Bring a delivery's files to the landing and prove that they are one delivery: nothing moved while they were read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from collect.exports.discover import Delivery
from collect.exports.manifest import moved
from collect.source import Copied, MovedUnderReader, Source


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
    manifest = delivery.manifest
    files, copied = [], []
    for number, stat in enumerate(delivery.files, start=1):
        path = folder / f"{number:05d}-{Path(stat.key).name}"
        try:
            copied.append(source.copy(stat, path, progress))
        except MovedUnderReader:
            raise moved(stat.key) from None
        files.append((stat.key, path))
    for stat in (*delivery.files, manifest.stat):
        if source.stat(stat.key) != stat:
            raise moved(stat.key)
    return Landed(tuple(files), tuple(copied), identity(delivery, tuple(copied)))


def identity(delivery: Delivery, copied: tuple[Copied, ...]) -> str:
    """16 hex digits: same export, month and set of (key, size, SHA-256), same delivery, whatever AWS calls it."""
    named = zip(delivery.manifest.keys, copied, strict=True)
    parts = sorted((key, file.size, file.sha256) for key, file in named)
    said = [delivery.manifest.export_id, delivery.manifest.billing_period, parts]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
