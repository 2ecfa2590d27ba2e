"""One Airflow of its own for one lake: folder, environment, database. It touches no other Airflow."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from finlake import paths
from finlake.errors import FinlakeError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class AirflowHome:
    """Where this Airflow keeps its state, which lake and sources it serves, and the port of its API and UI."""

    folder: Path
    lake: str
    source: str
    metrics_source: str
    port: int

    @property
    def url(self) -> str:
        """Address of the API and the UI; reachable from this machine only."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def database(self) -> Path:
        """The SQLite file with Airflow's own state."""
        return self.folder / "airflow.db"

    @property
    def running_mark(self) -> Path:
        """Exists from a start until the DAG runs have ended; found at a start, some were cut off."""
        return self.folder / "running"

    def component_log(self, name: str) -> Path:
        """Where a component (`scheduler`, ...) writes what it would print."""
        return self.folder / f"{name}.log"


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def environment(home: AirflowHome, inherited: Mapping[str, str]) -> dict[str, str]:
    """The components' environment: `inherited` without another Airflow's settings, plus this one's. Pure."""
    kept = {key: value for key, value in inherited.items() if not key.startswith(("AIRFLOW_", "_AIRFLOW_"))}
    bin_dir = str(Path(sys.executable).parent)
    return kept | {
        "PATH": os.pathsep.join([bin_dir, inherited.get("PATH", os.defpath)]),
        "FINLAKE_LAKE": home.lake,
        "FINLAKE_SOURCE": home.source,
        "FINLAKE_METRICS_SOURCE": home.metrics_source,
        "AIRFLOW_HOME": str(home.folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(paths.DAGS_DIR),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{home.url}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home.database}",
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(home.port),
        "AIRFLOW__API__BASE_URL": home.url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__INSTANCE_NAME": "finlake",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home.folder / "logs"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _migrated_mark(home: AirflowHome) -> Path:
    return home.folder / f"migrated-{version('apache-airflow-core')}"


def is_migrated(home: AirflowHome) -> bool:
    """Whether the database was prepared by this version of Airflow."""
    return _migrated_mark(home).exists() and home.database.exists()


def migrate(home: AirflowHome, env: Mapping[str, str]) -> None:
    """Create or upgrade Airflow's database. Raises FinlakeError."""
    home.folder.mkdir(parents=True, exist_ok=True)
    log = home.component_log("migrate")
    with log.open("wb") as out:
        command = [str(Path(sys.executable).parent / "airflow"), "db", "migrate"]
        done = subprocess.run(command, env=dict(env), stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise FinlakeError.of("airflow_no_database", where=str(log), folder=str(home.folder))
    _migrated_mark(home).touch()
