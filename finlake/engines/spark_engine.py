"""Engine `spark`: the jobs on Spark, on this machine or on a Spark Connect server; its session is made in spark_session."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
from pyarrow import fs

from finlake import objects
from finlake.contracts import Contract, partition_columns
from finlake.engines.protocol import Job
from finlake.engines.spark_raw import folded, quoted, text
from finlake.engines.spark_session import needed_jars, open_session


class SparkEngine:
    """The Engine protocol on Spark: a relation is a DataFrame. The session is the process's and outlives the engine."""

    name = "spark"

    def __init__(self, lake: str = "", remote: str | None = None) -> None:
        self._lake, self._remote = lake, remote

    @cached_property
    def _opened(self) -> tuple[Any, Any]:
        return open_session(self._lake, self._remote)

    @property
    def session(self) -> Any:
        return self._opened[0]

    def check(self) -> None:
        if not self._remote:
            needed_jars(self._lake)

    def raw(self, files: Sequence[str], keys: dict[str, str]) -> Any:
        frame = self._read(files)
        columns = [(f.name, f.dataType.simpleString()) for f in frame.schema.fields if f.name not in keys]
        return frame.selectExpr(*folded(columns), *_added(keys))

    def stored(self, files: Sequence[str], keys: dict[str, str]) -> Any:
        return self._read(files).selectExpr("*", *_added(keys))

    def rows(self, rows: pa.Table) -> Any:
        return self.session.createDataFrame(rows)

    def apply(self, job: Job, *relations: Any, key: str = "") -> Any:
        return job(*relations, self._opened[1])

    def write(self, relation: Any, contract: Contract, folder: str) -> None:
        keys = set(partition_columns(contract))
        columns = [
            f"cast({quoted(c.name)} as {c.physical_type}) as {quoted(c.name)}"
            for c in contract.columns
            if c.name not in keys
        ]
        relation.selectExpr(*columns).write.option("compression", "snappy").parquet(_address(folder))
        _leave_parquet_only(folder)

    def fetch(self, relation: Any) -> pa.Table:
        return relation.toArrow()

    def close(self) -> None:
        """The session stays: starting one takes seconds, and it ends with the process."""

    def _read(self, files: Sequence[str]) -> Any:
        reader = self.session.read.option("__globPaths__", "false")
        return reader.parquet(*[_address(file) for file in files])


def _added(keys: dict[str, str]) -> list[str]:
    return [f"{text(value)} as {quoted(key)}" for key, value in keys.items()]


def _address(location: str) -> str:
    """A location as Spark spells it: s3a for S3; a local path as it is."""
    return location.replace("s3://", "s3a://", 1) if objects.is_s3(location) else location


def _leave_parquet_only(folder: str) -> None:
    """Remove Hadoop's checksums and marker: VACUUM never looks at files whose name begins with a dot or an underscore."""
    system, path = objects.filesystem(folder)
    for info in system.get_file_info(fs.FileSelector(path)):
        if info.type == fs.FileType.File and not info.path.endswith(".parquet"):
            system.delete_file(info.path)
