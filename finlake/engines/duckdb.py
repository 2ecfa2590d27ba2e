"""DuckDB connections: always UTC, with the Delta and S3 extensions that come from the package index, never from the network."""

from __future__ import annotations

import importlib
from pathlib import Path

import duckdb

EXTENSIONS = ("delta", "httpfs")


def connect(database: str = ":memory:", *, read_only: bool = False, extensions: tuple[str, ...] = EXTENSIONS) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection whose session zone is UTC and whose extensions are loaded from installed packages."""
    con = duckdb.connect(database, read_only=read_only)
    con.execute("SET TimeZone='UTC'")
    for name in extensions:
        con.load_extension(extension_file(name))
    return con


def extension_file(name: str) -> str:
    """Path of an extension binary inside its installed package (`duckdb-extension-<name>`)."""
    package = importlib.import_module(f"duckdb_extension_{name}")
    found = sorted(Path(str(package.__file__)).parent.rglob(f"{name}.duckdb_extension"))
    return str(found[0])
