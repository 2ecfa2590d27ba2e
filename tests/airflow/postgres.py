"""Debian's PostgreSQL on a free port of this machine, with an empty database for Airflow; gone at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.athena.trino import free_port
from tests.conftest import missing


def programs() -> Path | None:
    """Where Debian keeps the newest server's programs; None: not installed."""
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Address of an empty database `airflow`, as SQLAlchemy takes it."""
    found = programs()
    if found is None:
        missing("PostgreSQL (Debian: apt install postgresql)")
    assert found is not None
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="finlake-postgresql-"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    port = free_port()
    make = [
        found / "initdb",
        "-D",
        folder / "data",
        "-U",
        "airflow",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run(list(map(str, make)), check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
    start = [
        found / "postgres",
        "-D",
        folder / "data",
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-k",
        folder,
        "-c",
        "fsync=off",
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(list(map(str, start)), user=user, cwd=folder, stdout=log, stderr=log)
    try:
        _create_database(found, port)
        yield f"postgresql+psycopg2://airflow@127.0.0.1:{port}/airflow"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def _create_database(found: Path, port: int) -> None:
    create = [str(found / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "airflow", "airflow"]
    for _ in range(150):
        if subprocess.run(create, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.2)
    raise AssertionError("PostgreSQL didn't come up")
