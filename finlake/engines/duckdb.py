"""DuckDB connections: always UTC, with the Delta and S3 extensions that come from installed packages, not from the network."""

from __future__ import annotations

import importlib
import os
import tempfile
from functools import cache
from pathlib import Path

import duckdb

from finlake.objects import is_s3

NEEDED_EXTENSIONS = ("delta", "httpfs")
"""`delta` reads the lake's tables; `httpfs` reads them on S3."""


MEMORY_LIMIT_MB = 2_000
_CHECKED: set[str] = set()
"""Extensions whose signature this process has checked: DuckDB reads all 80 MB of one for it, a quarter of a second each time."""


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
    wanted = [extension_file(name) for name in (*extensions, *(("httpfs",) if is_s3(lake) else ()))]
    con = duckdb.connect(database, read_only=read_only, config=_trust(database, wanted))
    con.execute("SET TimeZone='UTC'")
    con.execute("SET enable_progress_bar=false")  # it would write on standard output, into a command's JSON
    con.execute(f"SET memory_limit='{memory_limit_mb()}MB'")
    if database == ":memory:":
        con.execute(f"SET temp_directory='{_spill_folder(lake)}'")
    for file in wanted:
        con.load_extension(file)
    _CHECKED.update(wanted)
    if is_s3(lake):
        from finlake.engines.s3 import add_secret

        add_secret(con)
    return con


def _trust(database: str, files: list[str]) -> dict[str, str | bool | int | float | list[str]]:
    """The first connection of a process checks the extensions' signatures. Files keep it so: one file has one configuration."""
    checked = database == ":memory:" and bool(files) and _CHECKED.issuperset(files)
    return {"allow_unsigned_extensions": True} if checked else {}


def memory_limit_mb() -> int:
    """What DuckDB may hold: half of the machine's memory, at most 2 GB; the rest spills to disk. Python comes on top."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    return max(256, min(MEMORY_LIMIT_MB, machine // 2))


def _spill_folder(lake: str) -> str:
    """Below the lake's cache; for a lake on S3 the machine's folder for temporary files. Made when needed, gone at the end."""
    root = Path(lake, "cache") if lake and not is_s3(lake) else Path(tempfile.gettempdir())
    return str(root / f"finlake-spill-{os.getpid()}").replace("'", "''")


@cache
def extension_file(name: str) -> str:
    """Path of an extension binary inside its installed package (`duckdb-extension-<name>`)."""
    package = importlib.import_module(f"duckdb_extension_{name}")
    found = sorted(Path(str(package.__file__)).parent.rglob(f"{name}.duckdb_extension"))
    return str(found[0])
