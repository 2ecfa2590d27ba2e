"""What an engine is: it reads files, runs jobs in the PySpark API, writes Parquet files. finlake commits them, on each engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pyarrow as pa

from finlake.contracts import Contract

Relation = Any
"""Rows that an engine can work on, not yet computed: opaque outside the engine that made it."""
Job = Callable[..., Any]
"""`job(*frames, F)` -> frame, where `F` is the engine's functions module (the PySpark API)."""


class Engine(Protocol):
    """Runs the jobs of spark_jobs/. Nothing is started before it is needed."""

    name: str

    def check(self) -> None:
        """Raise ConfigurationError where something that the engine needs isn't there; starts nothing."""

    def raw(self, files: Sequence[str], keys: dict[str, str]) -> Relation:
        """One delivery's bronze files: its columns with maps folded, doubles as the shortest text where that matters,
        and the delivery's keys added. One row for each line."""

    def stored(self, files: Sequence[str], keys: dict[str, str]) -> Relation:
        """The Parquet files of one partition, its partition keys added as columns."""

    def rows(self, rows: pa.Table) -> Relation:
        """A small table."""

    def apply(self, job: Job, *relations: Relation, key: str = "") -> Relation:
        """What a job makes of relations. `key` names all that the job is and closes over, its code too: an engine may then
        keep what it compiled, beyond this process, for relations of the same columns and types."""

    def write(self, relation: Relation, contract: Contract, folder: str) -> None:
        """A relation's rows as Parquet files in a new folder (local or s3://): what the files of a partition hold."""

    def fetch(self, relation: Relation) -> pa.Table:
        """All rows of a small relation; decimals exact, times in UTC."""

    def close(self) -> None:
        """Let go of what this engine holds in memory."""
