"""DuckDB connections: always UTC, with the Delta and S3 extensions that come from installed packages, not from the network."""

from __future__ import annotations

import importlib
from pathlib import Path

import duckdb

from finlake.objects import is_s3

NEEDED_EXTENSIONS = ("delta", "httpfs")
"""`delta` reads the lake's tables; `httpfs` reads them on S3."""


def connect(
    database: str = ":memory:",
    *,
    read_only: bool = False,
    lake: str = "",
    extensions: tuple[str, ...] = ("delta",),
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection whose session zone is UTC and whose extensions are loaded from installed packages.

    `lake`: root of the lake whose Delta tables it will read; for one on S3 the connection also gets `httpfs` and the
    credentials that boto3 finds. Raises ConfigurationError where there are none.
    """
    con = duckdb.connect(database, read_only=read_only)
    con.execute("SET TimeZone='UTC'")
    for name in extensions:
        con.load_extension(extension_file(name))
    if is_s3(lake):
        from finlake.engines.s3 import add_secret

        con.load_extension(extension_file("httpfs"))
        add_secret(con)
    return con


def extension_file(name: str) -> str:
    """Path of an extension binary inside its installed package (`duckdb-extension-<name>`)."""
    package = importlib.import_module(f"duckdb_extension_{name}")
    found = sorted(Path(str(package.__file__)).parent.rglob(f"{name}.duckdb_extension"))
    return str(found[0])
