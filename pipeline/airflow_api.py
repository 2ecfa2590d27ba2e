"""A client of the few calls of Airflow's public REST API (v2) that finlake needs. Loopback only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote


class AirflowApi:
    """REST client; `get`-like methods raise OSError while the server doesn't answer."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self._url = url
        self._timeout = timeout
        self._token = ""

    def is_up(self) -> bool:
        """Whether the server answers; the first time, it also logs in (this Airflow has no passwords)."""
        try:
            self._call("GET", "/api/v2/version")
            self._token = self._token or str(self._call("GET", "/auth/token")["access_token"])
        except OSError:
            return False
        return True

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """The DAG as last parsed, or None while it is unknown."""
        try:
            return self._call("GET", f"/api/v2/dags/{dag_id}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def import_errors(self) -> list[dict[str, Any]]:
        """DAG files that failed to import."""
        return list(self._call("GET", "/api/v2/importErrors")["import_errors"])

    def unpause(self, dag_id: str) -> None:
        """Let the DAG's runs start."""
        self._pause(dag_id, False)

    def pause(self, dag_id: str) -> None:
        """Start no new run of the DAG; asset events that come meanwhile are not kept for it."""
        self._pause(dag_id, True)

    def trigger(self, dag_id: str) -> str:
        """Start a run with the DAG's default parameters; its run id."""
        return str(self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"])

    def runs(self, dag_id: str, limit: int = 10) -> list[dict[str, Any]]:
        """The DAG's latest runs, newest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?order_by=-run_after&limit={limit}"
        return list(self._call("GET", path)["dag_runs"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")["state"])

    def fail_run(self, dag_id: str, run_id: str) -> None:
        """Mark a run that was cut off as failed, so that it doesn't block the next one."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}?update_mask=state"
        self._call("PATCH", path, {"state": "failed"})

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's task instances: task_id, state, try_number, start_date, end_date, duration (seconds)."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        return list(self._call("GET", path)["task_instances"])

    def started_by(self, dag_id: str, run_id: str) -> set[str]:
        """Run ids whose asset events made this run start; empty while a run of the same event is queued.

        Airflow 3.3 answers 500 then: it insists on the start date of each run that the event made.
        """
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/upstreamAssetEvents"
        try:
            events = self._call("GET", path)["asset_events"]
        except urllib.error.HTTPError as error:
            if error.code == 500:
                return set()
            raise
        return {str(event["source_run_id"]) for event in events}

    def _pause(self, dag_id: str, paused: bool) -> None:
        self._call("PATCH", f"/api/v2/dags/{dag_id}?update_mask=is_paused", {"is_paused": paused})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(self._url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # nosec B310 - loopback http only
            return dict(json.load(answer))
