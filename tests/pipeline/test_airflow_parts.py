"""The parts of the Airflow runner that need no Airflow: environment, views of tasks, logs, and the guard."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any

import psutil
import pytest

from finlake import names
from pipeline.airflow_api import AirflowApi
from pipeline.airflow_home import AirflowHome, environment, free_port
from pipeline.airflow_run import TaskView, log_lines, task_log, task_views

NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)


def home(folder: Path) -> AirflowHome:
    return AirflowHome(folder / "airflow", "/data/lake", "s3://bucket/exports", "s3://bucket/metrics", 8123)


def test_another_airflows_settings_never_reach_ours(tmp_path: Path) -> None:
    outside = {
        "PATH": "/usr/bin",
        "AIRFLOW_HOME": "/production",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://production",
        "AIRFLOW__CORE__FERNET_KEY": "x",
        "AIRFLOW_CONN_AWS": "aws://",
        "AWS_PROFILE": "billing",
    }
    env = environment(home(tmp_path), outside)
    assert env["AIRFLOW_HOME"] == str(tmp_path / "airflow")
    assert env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("sqlite:///" + str(tmp_path))
    assert "AIRFLOW__CORE__FERNET_KEY" not in env and "AIRFLOW_CONN_AWS" not in env
    assert env["AWS_PROFILE"] == "billing", "tasks need the person's AWS credentials"
    assert env["FINLAKE_LAKE"] == "/data/lake" and env["FINLAKE_SOURCE"] == "s3://bucket/exports"


def test_airflow_listens_on_this_machine_only_and_reports_to_nobody(tmp_path: Path) -> None:
    env = environment(home(tmp_path), {})
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert env["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"


def test_the_tasks_find_this_environments_finlake_first(tmp_path: Path) -> None:
    env = environment(home(tmp_path), {"PATH": "/usr/bin"})
    assert env["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_a_free_port_is_one_that_can_be_taken() -> None:
    assert 1024 < free_port() < 65536


def test_tasks_come_in_their_order_and_those_not_made_yet_are_waiting() -> None:
    instances = [
        {"task_id": "ingest", "state": "running", "start_date": "2026-11-23T12:00:10Z", "end_date": None},
        {
            "task_id": "discover",
            "state": "success",
            "start_date": "2026-11-23T12:00:00Z",
            "end_date": "2026-11-23T12:00:04.5Z",
        },
    ]
    assert task_views(names.INGEST_DAG, instances, NOW) == [
        TaskView(names.INGEST_DAG, "discover", "success", 4.5),
        TaskView(names.INGEST_DAG, "ingest", "running", 20.0),
        TaskView(names.INGEST_DAG, "refused", "", 0.0),
    ]


def test_the_end_of_a_log_is_what_the_command_printed(tmp_path: Path) -> None:
    hook = "airflow.task.hooks.airflow.providers.standard.hooks.subprocess.SubprocessHook"
    entries = [
        {"event": "::group::Pre Execute", "logger": "task"},
        {"event": "Error: the manifest names a file that isn't there", "logger": hook},
        {"event": "Command exited with return code 3", "logger": hook},
        {"event": "Task failed with exception", "logger": "task"},
    ]
    run = tmp_path / "airflow" / "logs" / "dag_id=billing_ingest" / "run_id=r1" / "task_id=refused"
    run.mkdir(parents=True)
    log = run / "attempt=1.log"
    log.write_text("no json\n" + "\n".join(json.dumps(entry) for entry in entries))
    found = task_log(home(tmp_path), TaskView(names.INGEST_DAG, "refused", "failed"), "r1")
    assert found == log
    assert log_lines(found) == [str(entry["event"]) for entry in entries[1:3]]
    assert log_lines(None) == []


def test_the_guard_ends_grandchildren_in_other_process_groups_when_its_owner_is_gone() -> None:
    script = (
        "import subprocess, time; subprocess.Popen(['sleep', '300'], start_new_session=True); time.sleep(300)"
    )
    child = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    guard = subprocess.Popen([sys.executable, "-m", "pipeline.airflow_guard"], stdin=subprocess.PIPE)
    assert guard.stdin is not None
    guard.stdin.write(f"{child.pid}\n".encode())
    guard.stdin.flush()
    family = _family(child.pid)
    assert guard.poll() is None, "it waits while its owner lives"
    guard.stdin.close()
    child.wait(timeout=20)
    guard.wait(timeout=20)
    assert [process for process in family if process.is_running() and process.status() != "zombie"] == []


def _family(pid: int) -> list[psutil.Process]:
    deadline = time.monotonic() + 10
    while not psutil.Process(pid).children() and time.monotonic() < deadline:
        time.sleep(0.05)
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def test_who_started_a_run_is_unknown_while_airflow_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(code: int) -> set[str]:
        def call(*_: Any) -> dict[str, Any]:
            raise urllib.error.HTTPError("", code, "", Message(), None)

        api = AirflowApi("http://127.0.0.1:1")
        monkeypatch.setattr(api, "_call", call)
        return api.started_by(names.BUILD_DAG, "a run")

    assert answers(500) == set()
    with pytest.raises(urllib.error.HTTPError):
        answers(404)
