"""The published build of a lake, opened for finlake's own reading on either target: one build from first query to last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import pyarrow as pa

from finlake.contracts import load_contract
from finlake.engines.duckdb import connect
from finlake.errors import NotFound
from finlake.lake import Lake
from finlake.settings import Settings
from finlake.warehouse import Build, Warehouse

_BATCH = 200_000


class Published(Protocol):
    """The published marts and silver, open for reading."""

    build: Build

    def mart(self, name: str) -> str:
        """SQL for a mart's rows, to stand behind FROM."""
        ...

    def silver(self, name: str) -> str:
        """SQL for a silver table, to stand behind FROM."""
        ...

    def batches(self, sql: str, order: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a query by these columns, nulls first: the same rows in the same order on every engine."""
        ...


@contextmanager
def published(lake: Lake, settings: Settings) -> Iterator[Published]:
    """Open the published build of the target that the settings name. Raises NotFound where there is none."""
    if settings.target == "athena":
        yield _AthenaPublished(lake, settings)
        return
    from pipeline.reader import open_reader

    with open_reader(lake) as reader:
        if reader.pointer is None:
            raise NotFound.of("models_without_marts", where=lake.root)
        yield _DuckdbPublished(reader.connection, Warehouse(lake).build(reader.pointer.build_id))


class _DuckdbPublished:
    def __init__(self, connection: Any, build: Build) -> None:
        self._connection, self.build = connection, build

    def mart(self, name: str) -> str:
        return f"marts.{name}"

    def silver(self, name: str) -> str:
        return f"silver.{name}"

    def batches(self, sql: str, order: Sequence[str]) -> Iterator[pa.RecordBatch]:
        yield from self._connection.execute(_ordered(sql, order)).to_arrow_reader(_BATCH)


class _AthenaPublished:
    """Rows of the build itself, not of the readers' views: those may turn to another build between two queries."""

    def __init__(self, lake: Lake, settings: Settings) -> None:
        from finlake.athena import Athena
        from finlake.athena_warehouse import AthenaWarehouse

        self._athena = Athena(lake, settings.athena)
        self._builds = AthenaWarehouse(lake, self._athena)
        build = self._builds.published()
        if build is None:
            raise NotFound.of("models_without_marts", where=lake.root)
        self.build = build

    def mart(self, name: str) -> str:
        rows = self._builds.chosen(load_contract("gold", name), self.build.rows_of, self.build.build_id)
        return f"{rows} as published"

    def silver(self, name: str) -> str:
        return self._athena.table("silver", name)

    def batches(self, sql: str, order: Sequence[str]) -> Iterator[pa.RecordBatch]:
        con = connect(extensions=())
        try:
            con.register("answer", self._athena.unloaded(sql))
            yield from con.execute(_ordered("select * from answer", order)).to_arrow_reader(_BATCH)
        finally:
            con.close()


def _ordered(sql: str, order: Sequence[str]) -> str:
    return f"{sql} order by {', '.join(f'{column} nulls first' for column in order)}"


def data_of(build: Build) -> str:
    """Twelve hex digits over the inputs of a build, but for the results of models."""
    return hashlib.sha256(json.dumps(dict(build.inputs), sort_keys=True).encode()).hexdigest()[:12]
