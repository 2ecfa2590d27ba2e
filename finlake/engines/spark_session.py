"""The one Spark session of this process: on this machine, or on a Spark Connect server. Everything in UTC, money exact."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from finlake.engines.java import fetch_jars, fetched_jars, require_java
from finlake.engines.spark_functions import FUNCTIONS
from finlake.errors import ConfigurationError
from finlake.objects import is_s3

MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.mergeSchema": "true",
    "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.codegen.maxFields": "40",
}
"""Settings that decide what figures come out, and one that spares the attempt to compile a wide bill line into one method, which
fails at 64 KB. Set on every session, on a server's too."""

_EXTENT = {
    "spark.sql.shuffle.partitions": str(max(2, os.cpu_count() or 2)),
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
_OPEN: dict[str, tuple[Any, Any]] = {}


def open_session(lake: str, remote: str | None) -> tuple[Any, Any]:
    """(session, its functions module), the same one for the whole process; `lake` is the root of the lake it will work on.

    Raises ConfigurationError where Java or JARs are missing, or the server can't be reached.
    """
    name = remote or "local"
    if name not in _OPEN:
        session, functions = _remote(remote) if remote else _local(lake)
        for key, value in MEANING.items():
            session.conf.set(key, value)
        for function in FUNCTIONS:
            session.sql(function)
        _OPEN[name] = session, functions
    session, functions = _OPEN[name]
    if is_s3(lake) and not remote and not is_submitted():
        _give_credentials(session)
    return session, functions


def is_submitted() -> bool:
    """Whether spark-submit started this process (as on EMR): it has said where Spark runs, and with which JARs and rights."""
    return bool(os.environ.get("PYSPARK_GATEWAY_PORT"))


def _local(lake: str) -> tuple[Any, Any]:
    jars = needed_jars(lake)
    from pyspark.sql import SparkSession, functions

    builder = SparkSession.builder.appName("finlake")
    if not is_submitted():
        # Spark's own Python processes are this one's: another python3 of the PATH has none of the packages.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.master("local[*]")
    for key, value in (MEANING if is_submitted() else local_settings(jars)).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session, functions


def needed_jars(lake: str) -> Path | None:
    """The JARs for a lake: fetched now for one on S3; for a local one those that are there; none where Spark has been started for
    us. Raises ConfigurationError."""
    if is_submitted():
        return None
    require_java()
    return fetch_jars() if is_s3(lake) else fetched_jars()


def local_settings(jars: Path | None) -> dict[str, str]:
    """Settings of a Spark that is started on this machine; with Delta's reader where its JARs are there."""
    return MEANING | _EXTENT | ({"spark.driver.extraClassPath": f"{jars}/*"} | _DELTA if jars else {})


def _remote(remote: str) -> tuple[Any, Any]:
    from pyspark.errors import PySparkException
    from pyspark.sql.connect import functions
    from pyspark.sql.connect.session import SparkSession

    session = None
    try:
        session = SparkSession.builder.remote(remote).create()
        _greet(session)
    except (PySparkException, OSError, RuntimeError) as error:
        if session is not None:
            session.client.close()
        detail = str(error).splitlines()[0][:300]
        raise ConfigurationError.of("spark_server_unusable", where=remote, detail=detail) from error
    # PySpark tidies up at the process's end, and against a server that is gone it tries for ten minutes: closed, it doesn't.
    atexit.register(session.client.close)
    return session, functions


def _greet(session: Any) -> None:
    """The first word with the server, tried again for about four seconds; PySpark's own policy would try for ten minutes."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    usual = session.client.get_retry_policies()
    session.client.set_retry_policies([DefaultPolicy(max_retries=4)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the tries are used up is said by the error
        session.version  # noqa: B018
    session.client.set_retry_policies(usual)


def _give_credentials(session: Any) -> None:
    """What boto3 finds goes to s3a in memory: on the command line of the JVM everybody could read it."""
    from finlake.engines.s3 import access

    found = access()
    hadoop = session.sparkContext._jsc.hadoopConfiguration()
    provider = "TemporaryAWSCredentialsProvider" if found.token else "SimpleAWSCredentialsProvider"
    settings = {
        "fs.s3a.aws.credentials.provider": f"org.apache.hadoop.fs.s3a.{provider}",
        "fs.s3a.access.key": found.key,
        "fs.s3a.secret.key": found.secret,
        "fs.s3a.session.token": found.token,
        "fs.s3a.endpoint.region": found.region,
        "fs.s3a.endpoint": found.endpoint,
        "fs.s3a.path.style.access": "true" if found.endpoint else None,
        "fs.s3a.input.stream.type": "classic",
        "fs.s3a.fast.upload.buffer": "bytebuffer",
    }
    for key, value in settings.items():
        if value:
            hadoop.set(key, value)
