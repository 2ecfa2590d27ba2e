"""A running Airflow as a test sees it: wait for runs, find who started them, read the states of their tasks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from finlake import names
from pipeline.airflow_api import AirflowApi
from pipeline.airflow_processes import AirflowProcesses
from pipeline.airflow_run import RUN_ENDED


@dataclass
class ObservedAirflow:
    """Components that are up, and their API."""

    processes: AirflowProcesses
    api: AirflowApi

    def until(self, done: Callable[[], Any], seconds: float) -> Any:
        """What `done` gives once it is true."""
        deadline = time.monotonic() + seconds
        while not (found := done()):
            self.processes.check_alive()
            assert time.monotonic() < deadline, self.states()
            time.sleep(0.5)
        return found

    def task(self, dag: str, run: str, task: str) -> dict[str, Any]:
        return next(t for t in self.api.tasks(dag, run) if t["task_id"] == task)

    def caused(self, dag: str, cause: str, seconds: float = 60) -> str:
        """The run of `dag` that the asset event of run `cause` started; waits for it."""

        def started() -> str:
            ids = [str(run["dag_run_id"]) for run in self.api.runs(dag)]
            return next((run for run in ids if cause in self.api.started_by(dag, run)), "")

        return str(self.until(started, seconds))

    def ended(self, dag: str, run: str, seconds: float) -> tuple[str, dict[str, str]]:
        """How the run ended, and each of its tasks; waits for it."""
        self.until(lambda: self.api.run_state(dag, run) in RUN_ENDED, seconds)
        states = {str(task["task_id"]): str(task["state"]) for task in self.api.tasks(dag, run)}
        return self.api.run_state(dag, run), states

    def states(self) -> dict[str, Any]:
        """For a failure: every task of every run."""
        return {
            f"{dag} {run['dag_run_id']}": [
                (t["task_id"], t["state"]) for t in self.api.tasks(dag, run["dag_run_id"])
            ]
            for dag in names.TASKS
            for run in self.api.runs(dag)
        }
