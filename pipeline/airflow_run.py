"""Runs `metrics_ingest`, `billing_ingest` and the `marts_build` that they cause on Airflow's real scheduler."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from finlake import names
from finlake.clock import utc_now
from finlake.errors import ExitCode, FinlakeError
from pipeline.airflow_api import AirflowApi
from pipeline.airflow_home import AirflowHome
from pipeline.airflow_processes import API_SERVER, COMPONENTS, AirflowProcesses

FOLLOWED = (names.METRICS_DAG, names.INGEST_DAG, names.BUILD_DAG)
"""The DAGs that are run here."""
HELD_BACK = (names.TRAIN_DAG, names.SCORE_DAG)
"""Paused meanwhile: the publish would start them, and the end of this Airflow would cut them off."""
START_SECONDS = 180.0
POLL_SECONDS = 0.4
FAILURES = frozenset({"failed", "up_for_retry"})
"""A person who waits wants to know at the first failure; the retry is left to a real deployment."""
ASSET_SECONDS = 60.0
RUN_ENDED = frozenset({"success", "failed"})
HOOK_NOISE = ("Tmp dir root location:", "Output:")
REFUSED_LINE = f"Command exited with return code {int(ExitCode.DELIVERY_REFUSED)}"
"""How Airflow's log ends when a delivery is in quarantine."""


@dataclass(frozen=True)
class TaskView:
    """One task as it stands: state in Airflow's words ("" = waiting), seconds it has run or took."""

    dag_id: str
    task_id: str
    state: str = ""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """`dag.task`."""
        return f"{self.dag_id}.{self.task_id}"


@dataclass
class RunOutcome:
    """What the DAG runs came to. `failed`: the first failed task; `refused`: a delivery is in quarantine."""

    tasks: list[TaskView] = field(default_factory=list)
    nothing_new: bool = False
    refused: bool = False
    failed: TaskView | None = None
    log_file: Path | None = None
    log_lines: list[str] = field(default_factory=list)


class Watcher(Protocol):
    """Called several times per second with what is going on (a key of `finlake/messages/demo.yml`)."""

    def __call__(self, doing: str, tasks: list[TaskView], /, **values: str) -> None:
        """`values` fill the placeholders of the message; `tasks` are all tasks so far."""


def wait_until_ready(processes: AirflowProcesses, api: AirflowApi, watch: Watcher) -> None:
    """Start the components and wait until this start has parsed all our DAGs. Raises FinlakeError."""
    began = utc_now()
    processes.start(API_SERVER)
    rest = [name for name in COMPONENTS if name != API_SERVER]
    if not processes.was_cut_off:
        for name in rest:
            processes.start(name)
    _until(api.is_up, processes, watch, "starting")
    if processes.was_cut_off:
        fail_unfinished_runs(api)
        for name in rest:
            processes.start(name)
    for dag_id in names.TASKS:
        _until(partial(_parsed_since, api, dag_id, began), processes, watch, "reading_dags")


def fail_unfinished_runs(api: AirflowApi) -> None:
    """Close the runs that a kill cut off: they would hold back the next one, which repairs their data."""
    for dag_id in (*FOLLOWED, *HELD_BACK):
        if api.dag(dag_id) is None:
            continue
        api.unpause(dag_id)
        for run in api.runs(dag_id):
            if run["state"] in ("queued", "running"):
                api.fail_run(dag_id, str(run["dag_run_id"]))


def run_dags(processes: AirflowProcesses, api: AirflowApi, watch: Watcher) -> RunOutcome:
    """Trigger `metrics_ingest`, then `billing_ingest`; follow them and the one `marts_build` that is due, to the end."""
    outcome = RunOutcome()
    for dag_id in (*HELD_BACK, names.BUILD_DAG):
        api.pause(dag_id)
    try:
        _, no_metrics = _ingest(processes, api, names.METRICS_DAG, watch, outcome)
    finally:
        api.unpause(names.BUILD_DAG)
    if outcome.failed is not None:
        return outcome
    ingest_run, no_bill = _ingest(processes, api, names.INGEST_DAG, watch, outcome)
    outcome.nothing_new = no_metrics and no_bill
    if outcome.failed is not None:
        return outcome
    if outcome.nothing_new and _last_build_succeeded(api):
        return outcome
    if no_bill:
        build_run = api.trigger(names.BUILD_DAG)
    else:
        build_run = _started_by(processes, api, ingest_run, watch, outcome)
    _follow(processes, api, names.BUILD_DAG, build_run, watch, outcome)
    return outcome


def _ingest(
    processes: AirflowProcesses, api: AirflowApi, dag_id: str, watch: Watcher, outcome: RunOutcome
) -> tuple[str, bool]:
    """Trigger and follow one ingesting DAG. Returns its run, and whether there was nothing new."""
    api.unpause(dag_id)
    run_id = api.trigger(dag_id)
    states = {task.task_id: task.state for task in _follow(processes, api, dag_id, run_id, watch, outcome)}
    return run_id, states["ingest"] == "skipped"


def _follow(
    processes: AirflowProcesses,
    api: AirflowApi,
    dag_id: str,
    run_id: str,
    watch: Watcher,
    outcome: RunOutcome,
) -> list[TaskView]:
    """Watch one run until it ends or a task fails; adds its tasks to `outcome`."""
    before = list(outcome.tasks)
    while True:
        processes.check_alive()
        run_ended = api.run_state(dag_id, run_id) in RUN_ENDED
        tasks = task_views(dag_id, api.tasks(dag_id, run_id), utc_now())
        outcome.tasks = before + tasks
        watch("running", outcome.tasks, dag=dag_id)
        bad = [task for task in tasks if task.state in FAILURES]
        for task in bad:
            _note_failure(processes.home, task, run_id, outcome)
        if outcome.failed or run_ended:
            return tasks
        time.sleep(POLL_SECONDS)


def _note_failure(home: AirflowHome, task: TaskView, run_id: str, outcome: RunOutcome) -> None:
    """A red `refused` is told and the rest goes on; any other red task is what the run fails of."""
    log_file = task_log(home, task, run_id)
    lines = log_lines(log_file)
    if REFUSED_LINE in lines:
        outcome.refused = True
    elif outcome.failed is None:
        outcome.failed, outcome.log_file, outcome.log_lines = task, log_file, lines


def task_views(dag_id: str, instances: list[dict[str, Any]], now: datetime) -> list[TaskView]:
    """The DAG's tasks in their order; those that Airflow has not made yet are waiting. Pure."""
    known = {str(instance["task_id"]): instance for instance in instances}
    return [_view(dag_id, task_id, known.get(task_id, {}), now) for task_id in names.TASKS[dag_id]]


def _view(dag_id: str, task_id: str, instance: dict[str, Any], now: datetime) -> TaskView:
    start, end = instance.get("start_date"), instance.get("end_date")
    seconds = 0.0
    if start:
        until = datetime.fromisoformat(end) if end else now
        seconds = (until - datetime.fromisoformat(start)).total_seconds()
    return TaskView(dag_id, task_id, str(instance.get("state") or ""), max(seconds, 0.0))


def task_log(home: AirflowHome, task: TaskView, run_id: str) -> Path | None:
    """The task's latest log file, if it has one."""
    folder = home.folder / "logs" / f"dag_id={task.dag_id}" / f"run_id={run_id}" / f"task_id={task.task_id}"
    found = sorted(folder.glob("attempt=*.log"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def log_lines(path: Path | None, lines: int = 15) -> list[str]:
    """The last lines that the command itself printed, out of Airflow's JSON log."""
    if path is None:
        return []
    told = []
    for line in path.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        event = str(entry.get("event", ""))
        if "SubprocessHook" in str(entry.get("logger", "")) and not event.startswith(HOOK_NOISE):
            told.append(event)
    return told[-lines:]


def _last_build_succeeded(api: AirflowApi) -> bool:
    runs = api.runs(names.BUILD_DAG, limit=1)
    return bool(runs) and runs[0]["state"] == "success"


def _started_by(
    processes: AirflowProcesses, api: AirflowApi, cause: str, watch: Watcher, outcome: RunOutcome
) -> str:
    """The `marts_build` run that the asset event of run `cause` starts; waits for it. Raises FinlakeError."""
    found: list[str] = []

    def appeared() -> bool:
        for run in api.runs(names.BUILD_DAG):
            run_id = str(run["dag_run_id"])
            if cause in api.started_by(names.BUILD_DAG, run_id):
                found.append(run_id)
                return True
        return False

    _until(appeared, processes, watch, "waiting_for_build", ASSET_SECONDS, outcome.tasks)
    return found[0]


def _parsed_since(api: AirflowApi, dag_id: str, began: datetime) -> bool:
    errors = api.import_errors()
    dag = api.dag(dag_id)
    parsed = dag["last_parsed_time"] if dag is not None else None
    if parsed and datetime.fromisoformat(parsed) >= began:
        return True
    if errors and dag is None:
        said = str(errors[0]["stack_trace"])
        raise FinlakeError.of("airflow_dag_broken", where=str(errors[0]["filename"]), said=said)
    return False


def _until(
    done: Callable[[], bool],
    processes: AirflowProcesses,
    watch: Watcher,
    doing: str,
    seconds: float = START_SECONDS,
    tasks: list[TaskView] | None = None,
) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        processes.check_alive()
        watch(doing, tasks or [])
        if time.monotonic() > deadline:
            raise FinlakeError.of(
                "airflow_gave_up",
                where=str(processes.home.folder),
                seconds=round(seconds),
                doing=doing.replace("_", " "),
            )
        time.sleep(POLL_SECONDS)
