"""What a ledger of metric files holds. Instants are UTC ISO texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any


@dataclass(frozen=True)
class TakenFile:
    """A metric file that bronze holds. `mark`: its name, size and ETag; `content_id`: what is in it; times UTC ISO texts;
    `days`: the UTC days of its points, YYYY-MM-DD."""

    mark: str
    key: str
    content_id: str
    delivered_at: str
    modified_at: str
    points: int
    days: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str]:
        """Where the file stands in time: of two values of one point the later file's counts."""
        return self.delivered_at, self.modified_at


@dataclass(frozen=True)
class MetricBatch:
    """The files that one bronze commit took. `sequence` counts the commits from 1."""

    sequence: int
    files: tuple[TakenFile, ...]

    def as_text(self) -> str:
        return json.dumps({"sequence": self.sequence, "files": [asdict(f) for f in self.files]})

    @classmethod
    def from_text(cls, said: str) -> MetricBatch:
        read = json.loads(said)
        files = (TakenFile(**file | {"days": tuple(file["days"])}) for file in read["files"])
        return cls(int(read["sequence"]), tuple(files))


@dataclass(frozen=True)
class MetricRefusal:
    """A metric file that isn't loaded: the error's parts, which finlake refused it, and since when."""

    mark: str
    key: str
    error: dict[str, Any]
    refused_by: str
    refused_at: str


def fingerprints(days: Mapping[str, int]) -> dict[str, str]:
    """Month (YYYY-MM) -> a text that changes whenever a day of it is made anew; `days` as MetricLedger.days gives them."""
    months = groupby(sorted(days.items()), key=lambda item: item[0][:7])
    return {month: ",".join(f"{day[8:]}:{sequence}" for day, sequence in found) for month, found in months}
