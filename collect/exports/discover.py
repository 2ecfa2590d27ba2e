"""Discovery: from a source's manifests to deliveries in the order in which they have to be taken in.

A delivery is a manifest with the files that it names. AWS keeps one manifest in the period's folder, which each delivery
overwrites, and with "create new version" one more beside each version's files, which stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from collect.exports.manifest import Manifest, is_manifest, moved, parse
from collect.source import MovedUnderReader, Source, Stat
from finlake.errors import DeliveryRefused


@dataclass(frozen=True)
class Delivery:
    """A manifest whose files were found: `files` in the manifest's order. `is_current`: the month's own manifest names it, and
    no other has a later time of AWS's."""

    manifest: Manifest
    files: tuple[Stat, ...]
    is_current: bool

    @property
    def signature(self) -> str:
        """What a listing says of it: unchanged signature, unchanged delivery (content is hashed only when this differs)."""
        parts = [f"{f.key}|{f.size}|{f.etag}" for f in sorted(self.files, key=lambda f: f.key)]
        return f"{self.manifest.export_id}|{self.manifest.billing_period}|" + "|".join(parts)


@dataclass
class Discovery:
    """What a source holds: deliveries in order, what had to be refused before reading a file, and what isn't a bill."""

    deliveries: list[Delivery] = field(default_factory=list)
    refusals: list[tuple[Stat, DeliveryRefused, Manifest | None]] = field(default_factory=list)
    unsupported: list[Manifest] = field(default_factory=list)


def discover(source: Source, supported: Iterable[str] = ("cur1", "cur2", "focus")) -> Discovery:
    """Read all manifests of a source and find the files that they name. Nothing is copied."""
    found, manifests = Discovery(), []
    for stat in source.listing(is_manifest):
        try:
            manifests.append(parse(stat, source.read(stat)))
        except MovedUnderReader:
            found.refusals.append((stat, moved(stat.key), None))
        except DeliveryRefused as error:
            if not any(_is_copy(stat, told) and error.what == said.what for told, said, _ in found.refusals):
                found.refusals.append((stat, error, None))
    wanted = set(supported)
    found.unsupported = [m for m in manifests if m.source_format not in wanted]
    for group in _by_period(m for m in manifests if m.source_format in wanted):
        for manifest, is_current in _in_order(group):
            try:
                found.deliveries.append(Delivery(manifest, _locate(source, manifest), is_current))
            except DeliveryRefused as error:
                found.refusals.append((manifest.stat, error, manifest))
    found.deliveries.sort(key=lambda d: (d.manifest.billing_period, d.manifest.export_id))
    return found


def _by_period(manifests: Iterable[Manifest]) -> list[list[Manifest]]:
    groups: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        groups[manifest.export_id, manifest.billing_period].append(manifest)
    return [groups[key] for key in sorted(groups)]


def _in_order(group: list[Manifest]) -> list[tuple[Manifest, bool]]:
    """One manifest per version, oldest first; the version that the period's own manifest names comes last.

    Where both that version and another carry AWS's own time, time decides: a late copy of an old manifest can't turn
    the month back.
    """
    versions: dict[str, Manifest] = {}
    pointers = {m.version_id: m for m in group if m.is_pointer}
    for manifest in sorted(group, key=lambda m: m.is_pointer):
        versions[manifest.version_id] = versions.get(manifest.version_id, manifest)
    pointer = max(pointers.values(), key=lambda m: m.delivered_at, default=None)

    def order(manifest: Manifest) -> tuple[bool, datetime, str]:
        pointed = pointer is not None and manifest.version_id == pointer.version_id
        return pointed, manifest.delivered_at, manifest.version_id

    ordered = sorted(versions.values(), key=order)
    if pointer is not None and pointer.dated:
        newer = [m for m in ordered if m.dated and m.delivered_at > pointer.delivered_at]
        ordered = [m for m in ordered if m not in newer] + newer
    return [(manifest, pointer is not None and manifest is ordered[-1]) for manifest in ordered]


def _is_copy(one: Stat, other: Stat) -> bool:
    """Whether these are a month's own manifest and that of a version in a folder below: AWS writes each twice."""
    first, second = PurePosixPath(one.key), PurePosixPath(other.key)
    return first.name == second.name and (
        first.parent in second.parent.parents or second.parent in first.parent.parents
    )


def _locate(source: Source, manifest: Manifest) -> tuple[Stat, ...]:
    """The named files, found under the source's root or under the part of the bucket that the source shows."""
    base = _base(source, manifest)
    files, missing = [], []
    for key in manifest.keys:
        stat = source.stat(base(key))
        files.append(stat) if stat else missing.append(key)
    if missing:
        raise DeliveryRefused.of(
            "files_absent",
            where=manifest.stat.key,
            count=len(missing),
            named=len(manifest.keys),
            files=", ".join(missing),
        )
    return tuple(stat for stat in files if stat)


def _base(source: Source, manifest: Manifest):  # type: ignore[no-untyped-def]
    """How a bucket key becomes a key of this source: the source may show the bucket, a prefix of it, or a folder around it.

    A file keeps its own folder, which tells one version of a month from another.
    """
    around = manifest.stat.key.split("/")[:-1]  # AWS's keys begin with a slash where the report has no prefix
    for key in manifest.keys:
        parts = PurePosixPath(key).parts
        for dropped in range(max(1, len(parts) - 1)):
            for depth in range(len(around) + 1):
                candidate = "/".join((*around[:depth], *parts[dropped:]))
                if source.stat(candidate):
                    prefix, cut = around[:depth], dropped
                    return lambda k: "/".join((*prefix, *PurePosixPath(k).parts[cut:]))
    return lambda key: key
