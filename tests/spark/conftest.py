"""Lakes written by each engine from the same deliveries, and a Spark Connect server. One Spark session for the whole process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finlake.engines.java import fetch_jars
from finlake.engines.spark_session import local_settings
from finlake.sample.generate import write_sample
from finlake.sample.plan import Request
from tests.conftest import SHARED_DATA, missing
from tests.pipeline import ingesting, metric_streams
from tests.pipeline.conftest import golden

__all__ = ["golden"]

LAYOUTS = (
    *("cur2_parquet", "cur2_csv", "cur1_csv_versions", "cur1_parquet_overwrite/asof_S6"),
    *("focus_1_2_parquet", "focus_1_0_csv"),
)
MAY = ("BILLING_PERIOD=2026-05", "20260501-20260601", "month=5")
QUICK_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Short runs spend their time compiling: the JVM's simple compiler is enough."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder starts Spark."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.spark)


@pytest.fixture(scope="session", autouse=True)
def spark_here() -> None:
    """Java and the JARs; without them the tests are skipped, and fail in CI."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            missing(f"the tool `{tool}` on the PATH")
    fetch_jars()
    os.environ["JAVA_TOOL_OPTIONS"] = QUICK_JVM


@pytest.fixture(scope="session")
def sources(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One delivery in each layout: May of the golden bill, a month of another tool, and (the
    last) a month of the sample organisation, with metrics."""
    root = tmp_path_factory.mktemp("delivered")
    for layout in LAYOUTS:
        for file in (golden / layout).rglob("*"):
            if file.is_file() and any(mark in str(file) for mark in MAY):
                target = root / layout.replace("/", "-") / file.relative_to(golden / layout)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    write_sample(root / "sample", Request(seed=7, months=1, end_month="2026-05", metric_days=2))
    outside = SHARED_DATA / "outside" / "nise_small"
    shutil.copytree(
        outside, root / "nise", ignore=shutil.ignore_patterns("20250201-*", "20250301-*", "20250401-*")
    )
    return sorted(path for path in root.iterdir() if path.is_dir())


@pytest.fixture(scope="session")
def duckdb_lake(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by engine duckdb. Read only."""
    lake = tmp_path_factory.mktemp("duckdb") / "lake"
    for source in sources:
        assert not ingesting.ingest(lake, source)["refused"], source
    metric_streams.load(lake, sources[-1] / "metrics")
    return lake


def without_silver(lake: Path, target: Path) -> Path:
    """A copy of a lake whose silver is still to be made."""
    shutil.copytree(lake, target)
    shutil.rmtree(target / "silver")
    return target


@pytest.fixture(scope="session")
def spark_lake(duckdb_lake: Path, sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same bronze, handed over to engine spark by command, its silver made by Spark on this machine. Read only."""
    lake = without_silver(duckdb_lake, tmp_path_factory.mktemp("spark") / "lake")
    handed_over = ingesting.command("engine", "set", "spark", "--lake", lake)
    assert handed_over.returncode == 0, handed_over.stderr
    ingesting.ingest(lake, sources[0])
    metric_streams.load(lake, sources[-1] / "metrics")
    return lake


@pytest.fixture(scope="session")
def session(spark_here: None) -> Any:
    """The process's Spark session on this machine."""
    from finlake.engines.spark_session import open_session

    return open_session("", None)[0]


@pytest.fixture(scope="session")
def connect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Spark Connect server, started from PySpark's own files."""
    import pyspark

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = local_settings(None) | {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
    }
    home = Path(pyspark.__file__).parent
    command = [home / "bin" / "spark-submit", "--master", "local[*]"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    command += [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    log = tmp_path_factory.mktemp("connect") / "server.log"
    environment = os.environ | {"SPARK_HOME": str(home), "PYSPARK_GATEWAY_PORT": ""}
    with log.open("w") as said:
        server = subprocess.Popen(
            [*map(str, command), "spark-internal"], stdout=said, stderr=said, env=environment, cwd=log.parent
        )
    try:
        _wait_for(port, server, log)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.3)
    pytest.fail(f"the Spark Connect server didn't start: {log.read_text()[-2000:]}")
