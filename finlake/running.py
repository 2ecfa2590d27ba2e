"""The run that is going on in a lake, for whoever looks: command, step, since when, busy with what.

A small file in the lake's state folder, replaced at once. It says nothing about who may write: that is the
lock's part. One that was left by a killed process counts as none.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from finlake.objects import write_atomically
from finlake.report import RunReport

FILE = "running.json"
_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Running:
    """A run in progress. Instants are UTC ISO texts; `steps` have ended: name, seconds, rows."""

    run_id: str
    command: str
    pid: int
    host: str
    process_started: float
    started_at: str
    step: str
    step_started_at: str
    doing: str
    steps: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def visible(state_dir: Path, report: RunReport) -> Iterator[None]:
    """Let others see this run while it lasts. The caller holds the lake's writer lock."""
    file, told, step = state_dir / FILE, 0.0, ""

    def tell() -> None:
        nonlocal told, step
        now, running = time.monotonic(), _of(report)
        if running.step == step and now - told < _EVERY_SECONDS:
            return
        told, step = now, running.step
        with suppress(OSError):  # a run never fails because nobody can watch it
            write_atomically(str(file), json.dumps(asdict(running)).encode())

    report.on_change = tell
    tell()
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running(state_dir: Path) -> Running | None:
    """The run that is going on in this lake on this machine, or None."""
    try:
        found = Running(**json.loads((state_dir / FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.host == socket.gethostname() and _lives(found) else None


def _lives(found: Running) -> bool:
    try:
        return abs(psutil.Process(found.pid).create_time() - found.process_started) < 1
    except psutil.Error:
        return False


def _of(report: RunReport) -> Running:
    last = report.steps[-1] if report.steps else None
    ended = [step for step in report.steps if step.seconds is not None]
    return Running(
        run_id=report.run_id,
        command=report.command,
        pid=os.getpid(),
        host=socket.gethostname(),
        process_started=psutil.Process().create_time(),
        started_at=report.started_at.isoformat(),
        step=last.name if last else "",
        step_started_at=(last.started_at if last else report.started_at).isoformat(),
        doing=report.doing,
        steps=[{"name": step.name, "seconds": step.seconds, "rows": step.rows} for step in ended],
    )
