"""Trino's server for tests: fetched once by Maven, checked by SHA-256, started on free ports of this machine.

Kept in the cache folder: its libraries and the three connectors that stand for Athena's own. Needs Java 24 or newer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trino.dbapi

from finlake.paths import cache_folder

VERSION = "476"
SHA256 = "cfd5accde17e8ebd251eeeb78aed1f490e77bb3a164d95a0f454bf8a7c1cbd3f"  # pragma: allowlist secret
OLDEST_JAVA = 24
PLUGINS = ("delta-lake", "hive", "iceberg")
CATALOGUES = Path(__file__).parent / "trino"
JVM = """\
-server
-Xmx1536M
-XX:+UseSerialGC
-XX:ReservedCodeCacheSize=256M
-XX:TieredStopAtLevel=1
-Djdk.attach.allowAttachSelf=true
-Djdk.nio.maxCachedBufferSize=2000000
-Dfile.encoding=UTF-8
-Duser.timezone=UTC
--add-modules=jdk.incubator.vector
"""


def java_home() -> Path | None:
    """A Java that Trino runs on: TRINO_JAVA_HOME, else the newest one where Debian keeps them. None: there is none."""
    places = [Path(os.environ["TRINO_JAVA_HOME"])] if "TRINO_JAVA_HOME" in os.environ else []
    places += sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)
    return next((place for place in places if _version(place) >= OLDEST_JAVA), None)


def _version(home: Path) -> int:
    release = home / "release"
    found = re.search(r'JAVA_VERSION="(\d+)', release.read_text()) if release.is_file() else None
    return int(found.group(1)) if found else 0


def server_folder() -> Path:
    """The unpacked server, fetched now where it isn't there yet."""
    folder = cache_folder() / f"trino-{VERSION}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as temporary:
        archive = _fetched(Path(temporary))
        parts = ("lib", *(f"plugin/{plugin}" for plugin in PLUGINS))
        names = [f"trino-server-{VERSION}/{part}" for part in parts]
        # Python's tarfile takes ten times as long
        subprocess.run(["tar", "-xzf", str(archive), "-C", temporary, *names], check=True, timeout=600)
        with contextlib.suppress(OSError):  # another test run was quicker
            Path(temporary, f"trino-server-{VERSION}").rename(folder)
    return folder


def _fetched(folder: Path) -> Path:
    maven = shutil.which("mvn")
    if maven is None:
        pytest.fail("Trino is fetched by Maven, and there is no mvn")
    artifact = f"io.trino:trino-server:{VERSION}:tar.gz"
    command = [maven, "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    subprocess.run(command, check=True, timeout=900)
    archive = folder / f"trino-server-{VERSION}.tar.gz"
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    assert digest == SHA256, f"{archive.name} is not the file that this kit knows: {digest}"
    return archive


@contextlib.contextmanager
def running(folder: Path, s3: str, glue: str) -> Iterator[int]:
    """Start a server whose catalogues read `s3` and `glue` (addresses); its port."""
    home, server, port = java_home(), server_folder(), free_port()
    if home is None:
        pytest.skip(f"Trino {VERSION} needs Java {OLDEST_JAVA} or newer")
    _configure(folder, server, port, s3, glue)
    said = {
        "config": folder / "etc" / "config.properties",
        "log.levels-file": folder / "etc" / "log.properties",
        "node.data-dir": folder / "data",
        "node.environment": "test",
        "node.id": "test",
    }
    command = [str(home / "bin" / "java"), *JVM.split(), *(f"-D{key}={value}" for key, value in said.items())]
    command += ["-cp", f"{server / 'lib'}/*", "io.trino.server.TrinoServer"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(port, process, folder / "server.log")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(folder: Path, server: Path, port: int, s3: str, glue: str) -> None:
    etc = folder / "etc"
    (etc / "catalog").mkdir(parents=True)
    (etc / "config.properties").write_text(
        "coordinator=true\nnode-scheduler.include-coordinator=true\n"
        f"http-server.http.port={port}\ndiscovery.uri=http://127.0.0.1:{port}\n"
        "query.max-memory=700MB\nquery.max-memory-per-node=700MB\n"
        f"catalog.management=static\ncatalog.config-dir={etc / 'catalog'}\nplugin.dir={server / 'plugin'}\n"
    )
    (etc / "log.properties").write_text("io.trino=WARN\n")
    shared = (CATALOGUES / "shared.properties").read_text().format(s3=s3, glue=glue)
    for own in CATALOGUES.glob("*.properties"):
        if own.stem != "shared":
            (etc / "catalog" / own.name).write_text(own.read_text() + shared)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until a query has run: the server says ready before a node is active."""
    for _ in range(900):
        assert process.poll() is None, log.read_text()[-4000:]
        with contextlib.suppress(Exception):
            connection = trino.dbapi.connect("127.0.0.1", port, "test")
            connection.cursor().execute("select 1").fetchall()
            return
        time.sleep(0.2)
    pytest.fail("Trino didn't come up: " + log.read_text()[-4000:])
