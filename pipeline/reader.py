"""What people and scripts may ask: the marts of one published build and silver, read-only, and nothing else.

The connection is an empty in-memory DuckDB with views. The build is attached read-only, each silver table is
pinned to one version of its Delta log: a query sees one state even while a run commits or publishes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
from deltalake import DeltaTable

from finlake import objects
from finlake.engines.duckdb import connect
from finlake.lake import Lake
from finlake.tables import locations, open_table
from finlake.warehouse import Pointer, Warehouse

BUILD = "published_build"


@dataclass
class Reader:
    """A locked connection, what is published in it (None: nothing yet), and the names of its tables."""

    connection: duckdb.DuckDBPyConnection
    pointer: Pointer | None
    marts: list[str] = field(default_factory=list)
    silver: list[str] = field(default_factory=list)

    @property
    def tables(self) -> list[str]:
        """Names that a query can use: marts bare, silver with its schema."""
        return [*self.marts, *(f"silver.{name}" for name in self.silver)]


@contextmanager
def open_reader(lake: Lake) -> Iterator[Reader]:
    """Open what is published, and silver, for one query. Reads only their files; writes only its spill."""
    spill = tempfile.mkdtemp(prefix="finlake-query-")
    con = connect(lake=lake.root)
    try:
        reader = Reader(con, _attach_published(con, lake))
        reader.marts = _marts_views(con) if reader.pointer else []
        files = _silver_views(con, lake, reader)
        _lock(con, files, spill)
        yield reader
    finally:
        con.close()
        shutil.rmtree(spill, ignore_errors=True)


def _attach_published(con: duckdb.DuckDBPyConnection, lake: Lake) -> Pointer | None:
    """Attach the published build; the newer one where it was replaced and removed while we opened it."""
    warehouse = Warehouse(lake)
    pointer = warehouse.pointer()
    while pointer:
        try:
            database = str(warehouse.database(pointer.build_id)).replace("'", "''")
            con.execute(f"attach '{database}' as {BUILD} (read_only)")
            return pointer
        except (duckdb.IOException, FileNotFoundError):
            newer = warehouse.pointer()
            if newer is None or newer.build_id == pointer.build_id:
                raise
            pointer = newer
    return None


def _marts_views(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Each mart under its bare name and as marts.<name>."""
    found = con.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = ? and table_schema = 'marts' order by 1",
        [BUILD],
    ).fetchall()
    con.execute("create schema marts")
    for (name,) in found:
        for view in (f'"{name}"', f'marts."{name}"'):
            con.execute(f'create view {view} as select * from {BUILD}.marts."{name}"')
    return [str(name) for (name,) in found]


def _silver_views(con: duckdb.DuckDBPyConnection, lake: Lake, reader: Reader) -> list[str]:
    """Each silver table as silver.<name>, and bare where no mart has the name. Returns their files."""
    con.execute("create schema silver")
    files: list[str] = []
    for name in sorted(objects.names(lake.uri("silver"))):
        table = open_table(lake, "silver", name)
        if table is None:
            continue
        files += _attach_pinned(con, lake, name, table)
        bare = [] if name in reader.marts else [f'"{name}"']
        for view in (f'silver."{name}"', *bare):
            con.execute(f'create view {view} as select * from "silver_{name}"')
        reader.silver.append(name)
    return files


def _attach_pinned(con: duckdb.DuckDBPyConnection, lake: Lake, name: str, table: DeltaTable) -> list[str]:
    """Attach a Delta table at its newest version for good. Returns that version's files."""
    uri, alias = lake.table_uri("silver", name).replace("'", "''"), f"silver_{name}"
    while True:
        version, files = table.version(), locations(table, {})
        con.execute(f"attach '{uri}' as \"{alias}\" (type delta, pin_snapshot)")
        con.execute("select 1 from duckdb_columns() where database_name = ?", [alias]).fetchall()
        table.update_incremental()
        if table.version() == version:
            return files
        con.execute(f'detach "{alias}"')


def _lock(con: duckdb.DuckDBPyConnection, files: list[str], spill: str) -> None:
    """From here on: no file but these and the spill, no extension, no Python variable, no new setting."""
    con.execute("set python_enable_replacements = false")
    con.execute("set temp_directory = ?", [spill])
    con.execute("set allowed_paths = ?", [files])
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
