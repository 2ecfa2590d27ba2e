"""Discovery of metric files: Firehose writes no manifest, so each object whose name is Firehose's own is a delivery.

Names: `<stream>-<version>-YYYY-MM-DD-HH-MM-SS-<uuid>`, with or without an ending («Amazon S3 object name format» of the Amazon
Data Firehose developer guide); the folders around it (hours, any prefix) say nothing that is needed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from collect.source import Source, Stat

_NAME = re.compile(
    r".+-\d+-(\d{4}(?:-\d{2}){5})-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?:\.\w+)*"
)


@dataclass(frozen=True)
class MetricFile:
    """One object of a metric stream. `delivered_at`: the instant in its name, UTC; it survives a copy to another bucket."""

    stat: Stat
    delivered_at: datetime

    @property
    def mark(self) -> str:
        """32 hex digits: same key, size and ETag, same mark. What was read under a mark needn't be read again."""
        said = f"{self.stat.key}|{self.stat.size}|{self.stat.etag}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def discover(source: Source) -> list[MetricFile]:
    """The metric files of a source, in the order of their delivery. Lists only. Raises NotFound where it can't be listed."""
    found = [
        MetricFile(stat, at) for stat in source.listing(is_metric_file) if (at := delivered_at(stat.key))
    ]
    return sorted(found, key=lambda file: (file.delivered_at, file.stat.key))


def is_metric_file(name: str) -> bool:
    """Whether an object's name is one that Firehose gives."""
    return delivered_at(name) is not None


def delivered_at(key: str) -> datetime | None:
    """The instant in a Firehose name; None where it is no such name."""
    found = _NAME.fullmatch(PurePosixPath(key).name)
    try:
        return datetime.strptime(found[1], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
