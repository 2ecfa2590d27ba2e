"""Check of the engine that writes the lake: what engine spark needs is looked at only where it is that one."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from finlake import objects
from finlake.errors import FinlakeError
from finlake.settings import Settings, is_s3
from pipeline.doctor.checks import Finding, Say

CONNECT_PORT = 15002
"""Spark Connect's own, where the address names none."""


def engine(say: Say, settings: Settings) -> Finding:
    """The lake's engine is the one that the settings ask for, and has what it needs."""
    from finlake.lake import MARKER, check_engine, open_lake

    name: str = settings.engine or "duckdb"
    try:
        if objects.exists(f"{settings.lake}/{MARKER}"):
            lake = open_lake(settings.lake)
            check_engine(lake, settings.engine)
            name = lake.engine
    except FinlakeError as error:
        return Finding("engine", "fail", error.what, error.next_step)
    except OSError:
        pass  # a lake that can't be reached is told by its own check
    if name != "spark":
        return say.ok("engine", "engine_ok", engine=name)
    return _server(say, settings.spark_remote) if settings.spark_remote else _machine(say, settings)


def _server(say: Say, remote: str) -> Finding:
    address = urlsplit(remote.partition(";")[0])
    try:
        family, kind, _, _, place = socket.getaddrinfo(
            address.hostname, address.port or CONNECT_PORT, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.settimeout(5)
            probe.connect(place)
    except OSError as error:
        return say.fail("engine", "engine_server", "engine_server_advice", remote=remote, error=error)
    return say.ok("engine", "engine_remote_ok", remote=remote)


def _machine(say: Say, settings: Settings) -> Finding:
    from finlake.engines.java import OLDEST_JAVA, fetched_jars, java_version

    java, jars = java_version() or 0, fetched_jars()
    if java < OLDEST_JAVA:
        return say.fail("engine", "engine_java", "engine_java_advice", found=java, oldest=OLDEST_JAVA)
    if jars is None:
        judge = say.fail if is_s3(settings.lake) else say.warn
        return judge("engine", "engine_jars", "engine_jars_advice", java=java)
    return say.ok("engine", "engine_spark_ok", java=java, jars=jars)
