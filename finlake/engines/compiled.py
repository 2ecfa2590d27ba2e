"""SQL that SQLFrame compiled, kept in the user's cache folder: compiling a job takes seconds, and every process would do it anew.

One JSON file for each job on relations of given columns; its name is the hash of all that decides the SQL. A file that is
damaged, missing or can't be written costs time, never a run.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from pathlib import Path

from finlake import objects
from finlake.paths import cache_folder

Columns = tuple[tuple[str, str], ...]
Compiled = tuple[str, Columns]
KEPT = 200
"""Files that stay, newest first: some 50 kB each."""


def kept(name: tuple[str, ...]) -> Compiled | None:
    """The SQL and its columns kept under a name, or None."""
    try:
        digest, _, body = (_folder() / _file(name)).read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if digest != hashlib.sha256(body.encode()).hexdigest():
        return None
    said = json.loads(body)
    return said["query"], tuple((column, kind) for column, kind in said["columns"])


def keep(name: tuple[str, ...], compiled: Compiled) -> None:
    """Keep SQL under a name that tells all that it was made from."""
    query, columns = compiled
    body = json.dumps({"query": query, "columns": columns})
    folder = _folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        objects.write_atomically(
            str(folder / _file(name)), f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}".encode()
        )
        for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def _folder() -> Path:
    return cache_folder() / "compiled-sql"


def _file(name: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps([_makers(), *name]).encode()).hexdigest()[:32] + ".json"


@cache
def _makers() -> list[str]:
    """What turns a job into SQL: this package's code and the libraries."""
    files = sorted(Path(__file__).parent.parent.rglob("*.py"))
    code = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    return [code.hexdigest(), *(f"{name} {version(name)}" for name in ("sqlframe", "sqlglot", "duckdb"))]
