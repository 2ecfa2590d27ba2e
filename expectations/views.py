"""One DuckDB catalogue in which every table under check has its plain name: `silver.x`, `marts.y`.

Silver is read from Delta, the marts from a build's database; both are narrowed to the periods asked for, so
that every check (derived or hand-written) sees the same rows without knowing about periods.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb

from finlake.contracts import Contract
from finlake.engines.duckdb import connect
from finlake.errors import NotFound

CATALOGUE = "finlake_checks"
SCHEMA_OF_LAYER = {"silver": "silver", "gold": "marts"}


@contextmanager
def views(
    source: duckdb.DuckDBPyConnection | str | Path,
    lake_root: str,
    contracts: Iterable[Contract],
    periods: Collection[str] | None,
) -> Generator[duckdb.DuckDBPyConnection, None, None]:
    """A connection of its own with a view for each contract's table, gone at the end.

    `source` is the database of a build: a path (opened read-only) or an open connection (left as it was; for a
    lake on S3 it must have been opened for that lake). Raises NotFound when a table of the contracts is missing.
    """
    con, home, database = _attached(source, lake_root)
    try:
        con.execute(f"ATTACH ':memory:' AS {CATALOGUE}")
        con.execute(f"USE {CATALOGUE}")
        for schema in SCHEMA_OF_LAYER.values():
            con.execute(f"CREATE SCHEMA {schema}")
        for contract in contracts:
            _add_view(con, contract, _relation(contract, database, lake_root), periods)
        yield con
    finally:
        con.execute(f'USE "{home}"')
        con.execute(f"DETACH DATABASE IF EXISTS {CATALOGUE}")
        con.close()


def batch_name(contract: Contract) -> str:
    """Name of the table's view in the main schema: the engine of the checks takes no schema."""
    return f"{SCHEMA_OF_LAYER[contract.layer]}__{contract.name}"


def _attached(
    source: duckdb.DuckDBPyConnection | str | Path, lake_root: str
) -> tuple[duckdb.DuckDBPyConnection, str, str]:
    """Connection, the database it started in, the database that holds the marts."""
    if not isinstance(source, str | Path):
        con = source.cursor()
        con.execute("SET TimeZone='UTC'")
        row = con.execute("SELECT current_database()").fetchone()
        home = str(row[0]) if row else "memory"
        return con, home, home
    if not Path(source).is_file():
        raise NotFound.of("build_database_missing", where=str(source))
    con = connect(lake=lake_root)
    con.execute(f"ATTACH {_text(str(source))} AS build_under_check (READ_ONLY)")
    return con, "memory", "build_under_check"


def _relation(contract: Contract, database: str, lake_root: str) -> str:
    if contract.layer == "silver":
        return f"delta_scan({_text(lake_root.rstrip('/') + '/silver/' + contract.name)})"
    return f'"{database}".{SCHEMA_OF_LAYER[contract.layer]}."{contract.name}"'


def _add_view(
    con: duckdb.DuckDBPyConnection, contract: Contract, relation: str, periods: Collection[str] | None
) -> None:
    where = ""
    if periods is not None and "billing_period" in contract.column_names:
        where = f" WHERE billing_period IN ({', '.join(map(_text, sorted(periods))) or 'NULL'})"
    schema = SCHEMA_OF_LAYER[contract.layer]
    view = f'{schema}."{contract.name}"'
    try:
        con.execute(f"CREATE VIEW {view} AS SELECT * FROM {relation}{where}")
    except duckdb.Error as error:
        table = f"{schema}.{contract.name}"
        raise NotFound.of("table_unreadable", where=relation, detail=str(error), table=table) from error
    con.execute(f'CREATE VIEW main."{batch_name(contract)}" AS SELECT * FROM {view}')


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
