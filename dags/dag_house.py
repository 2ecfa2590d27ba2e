"""How every finlake DAG behaves: owner, retries, time limits, parameters, and a task as a command."""

from __future__ import annotations

import os
import shlex
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset, Param
from airflow.timetables.trigger import CronTriggerTimetable

from finlake import names

DEFAULT_ARGS: dict[str, Any] = {
    "owner": names.OWNER_PLATFORM,
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=30),
    "execution_timeout": timedelta(hours=6),
}

HOUSE_RULES: dict[str, Any] = {
    "default_args": DEFAULT_ARGS,
    "catchup": False,
    "max_active_runs": 1,
    "user_defined_filters": {"quote": shlex.quote},
}
"""Arguments of every DAG. One run at a time: a lake has one writer, and a run takes all that is new."""


def lake_param() -> Param:
    """The one lake that this Airflow serves, from FINLAKE_LAKE; the form refuses any other."""
    lake = os.environ.get("FINLAKE_LAKE", names.DEFAULT_LAKE)
    text = "The lake that this Airflow serves (FINLAKE_LAKE)."
    return Param(lake, type="string", enum=[lake], title="Lake", description=text)


def source_param() -> Param:
    """Where AWS delivers, from FINLAKE_SOURCE; a run may be given another folder or bucket."""
    source = os.environ.get("FINLAKE_SOURCE", names.DEFAULT_SOURCE)
    text = "Folder or s3:// prefix with the exports that AWS delivers. Default: FINLAKE_SOURCE."
    return Param(source, type="string", minLength=1, title="Source", description=text)


def metrics_source_param() -> Param:
    """Where Firehose delivers metric streams, from FINLAKE_METRICS_SOURCE; a run may be given another folder or bucket."""
    source = os.environ.get("FINLAKE_METRICS_SOURCE", names.DEFAULT_METRICS_SOURCE)
    text = "Folder or s3:// prefix with the metric streams that Firehose delivers. Default: FINLAKE_METRICS_SOURCE."
    return Param(source, type="string", minLength=1, title="Source", description=text)


def asset(name: str) -> Asset:
    """A table, or all marts together, as Airflow shows it: with one sentence and where its contract lies."""
    return Asset(name, group="finlake", extra=names.ASSETS[name])


def cron(expression: str) -> CronTriggerTimetable:
    """A UTC schedule whose first run waits for the next tick instead of catching up."""
    return CronTriggerTimetable(expression, timezone="UTC", run_immediately=timedelta(0))


def command(dag_id: str, task_id: str, **options: Any) -> BashOperator:
    """The row of `finlake.names` as a task. Runs where Airflow was started (./finlake.yml)."""
    row = names.TASKS[dag_id][task_id]
    return BashOperator(task_id=task_id, bash_command=row.command, doc_md=row.doc, cwd=".", **options)
