"""Starts and stops Airflow's components: api-server, scheduler, dag-processor. None outlives this process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from finlake.errors import FinlakeError
from pipeline.airflow_home import AirflowHome

API_SERVER = "api-server"
COMPONENTS: dict[str, list[str]] = {
    API_SERVER: ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}
"""Component -> its `airflow` arguments. No triggerer: no task of ours defers."""


class AirflowProcesses:
    """Context manager over the components of one Airflow home. Leaving it ends them and their tasks."""

    def __init__(self, home: AirflowHome, env: Mapping[str, str]) -> None:
        self.home = home
        self._env = dict(env)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.was_cut_off = home.running_mark.exists()

    def __enter__(self) -> AirflowProcesses:
        self.home.folder.mkdir(parents=True, exist_ok=True)
        self.home.running_mark.touch()
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "pipeline.airflow_guard"], stdin=subprocess.PIPE, start_new_session=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def settled(self) -> None:
        """Note that no run of ours is under way: the next start need not close any that were cut off."""
        self.home.running_mark.unlink(missing_ok=True)

    def start(self, name: str) -> None:
        """Start one component, its output in its own log file."""
        command = [str(Path(sys.executable).parent / "airflow"), *COMPONENTS[name]]
        with self.home.component_log(name).open("wb") as log:
            child = subprocess.Popen(
                command,
                env=self._env,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._children[name] = child
        assert self._guard.stdin is not None  # nosec B101 - opened with PIPE above
        self._guard.stdin.write(f"{child.pid}\n".encode())
        self._guard.stdin.flush()

    def check_alive(self) -> None:
        """Raise FinlakeError, with the end of its log, if a component has ended by itself."""
        for name, child in self._children.items():
            if child.poll() is not None:
                log = self.home.component_log(name)
                raise FinlakeError.of(
                    "airflow_component_ended",
                    where=str(log),
                    name=name,
                    exit_code=child.returncode,
                    tail=tail(log),
                )

    def stop(self) -> None:
        """End all components and wait until they are gone. May be called twice."""
        if self._guard.stdin is not None and not self._guard.stdin.closed:
            self._guard.stdin.close()
        for child in self._children.values():
            child.wait()
        self._guard.wait()


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a text file; empty if there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
