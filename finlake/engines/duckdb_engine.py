"""Engine `duckdb`: jobs become DuckDB SQL through SQLFrame, in this process, without a JVM."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from finlake.contracts import Contract, duckdb_types, partition_columns
from finlake.engines import compiled
from finlake.engines.bill import added, file_list, folded, quote, quoted_name
from finlake.engines.compiled import Columns, Compiled
from finlake.engines.duckdb import connect
from finlake.engines.duckdb_functions import MONEY_OF, MUL_DIV
from finlake.engines.protocol import Job
from finlake.objects import is_s3


@dataclass(frozen=True)
class View:
    """A view or table of this engine, and its columns with their types."""

    name: str
    columns: Columns

    def stand_in(self, position: int) -> str:
        """Name of the empty table of these columns that SQL is compiled on."""
        return f"like_{position}_{hashlib.sha256(repr(self.columns).encode()).hexdigest()[:16]}"


_COMPILED: dict[tuple[str, ...], Compiled] = {}
"""(job's key, stand-ins) -> SQL on the stand-ins, and the columns it gives: compiling takes seconds, running doesn't."""


class DuckDBEngine:
    """The Engine protocol on DuckDB. `connection` is for tests and for what isn't a job."""

    name = "duckdb"

    def __init__(self, lake: str = "") -> None:
        self._lake = lake
        self._numbers = count()

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        con = connect(lake=self._lake)
        con.execute(MUL_DIV)
        con.execute(MONEY_OF)
        con.execute("set preserve_insertion_order=false")
        return con

    @cached_property
    def _session(self) -> Any:
        from sqlframe.base.session import _BaseSession
        from sqlframe.duckdb import DuckDBSession

        # SQLFrame would hand out the session of an earlier engine, whose connection is closed.
        _BaseSession._instance = None
        return DuckDBSession(conn=self.connection)

    def check(self) -> None:
        """All it needs was installed with finlake."""

    def raw(self, files: Sequence[str], keys: dict[str, str]) -> View:
        scan = f"read_parquet({file_list(files)}, union_by_name=true, hive_partitioning=false)"
        columns = [column for column in self._columns(f"select * from {scan}") if column[0] not in keys]
        return self._view(f"select {folded(columns)}{added(keys)} from {scan}")

    def stored(self, files: Sequence[str], keys: dict[str, str]) -> View:
        scan = f"read_parquet({file_list(files)}, hive_partitioning=false)"
        return self._view(f"select *{added(keys)} from {scan}")

    def rows(self, rows: pa.Table) -> View:
        name = self._new_name()
        self.connection.register("handed_over", rows)
        self.connection.execute(f"create table {name} as select * from handed_over")
        self.connection.unregister("handed_over")
        return View(name, self._columns(f"select * from {name}"))

    def apply(self, job: Job, *relations: View, key: str = "") -> View:
        """The job's SQL is compiled on empty tables like the relations, kept under its key, and pointed at the relations."""
        named = {view.stand_in(position): view for position, view in enumerate(relations)}
        query, columns = self._kept(job, named, key) if key else self._compiled(job, named)
        for stand_in, view in named.items():
            query = query.replace(quoted_name(stand_in), quoted_name(view.name))
        return self._view(query, columns)

    def write(self, relation: View, contract: Contract, folder: str) -> None:
        kinds = duckdb_types(contract)
        columns = ", ".join(
            f"cast({quoted_name(name)} as {kinds[name].replace('TIMESTAMP', 'TIMESTAMPTZ')}) as {quoted_name(name)}"
            for name in kinds
            if name not in partition_columns(contract)
        )
        if not is_s3(folder):
            Path(folder).mkdir(parents=True)
        self.connection.execute(
            f"copy (select {columns} from {relation.name}) to {quote(folder)} "
            "(format parquet, compression snappy, per_thread_output true, overwrite_or_ignore true)"
        )

    def fetch(self, relation: View) -> pa.Table:
        return self.connection.execute(f"from {relation.name}").to_arrow_table()

    def close(self) -> None:
        if "connection" in vars(self):
            self.connection.close()

    def sql(self, relation: View) -> str:
        """The SQL of a view, as DuckDB keeps it."""
        found = self.connection.execute("select sql from duckdb_views() where view_name = ?", [relation.name])
        return str((found.fetchone() or ("",))[0])

    def _kept(self, job: Job, relations: dict[str, View], key: str) -> Compiled:
        """From this process's memory, else from the user's cache folder, else compiled and kept in both."""
        name = (key, *relations)
        if name not in _COMPILED:
            found = compiled.kept(name)
            if found is None:
                found = self._compiled(job, relations)
                compiled.keep(name, found)
            _COMPILED[name] = found
        return _COMPILED[name]

    def _compiled(self, job: Job, relations: dict[str, View]) -> Compiled:
        from sqlframe.duckdb import functions

        for stand_in, view in relations.items():
            kinds = ", ".join(f"{quoted_name(name)} {kind}" for name, kind in view.columns)
            self.connection.execute(f"create table if not exists {stand_in} ({kinds})")
        frame = job(*[self._session.table(stand_in) for stand_in in relations], functions)
        said = frame.sql(dialect="duckdb", optimize=False)
        query = str(said if isinstance(said, str) else said[0])
        return query, self._columns(query)

    def _view(self, query: str, columns: Columns = ()) -> View:
        name = self._new_name()
        self.connection.execute(f"create view {name} as {query}")
        return View(name, columns or self._columns(f"select * from {name}"))

    def _columns(self, query: str) -> Columns:
        return tuple((row[0], row[1]) for row in self.connection.execute(f"describe {query}").fetchall())

    def _new_name(self) -> str:
        return f"relation_{next(self._numbers)}"
