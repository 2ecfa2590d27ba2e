"""The run that is going on in a lake, for whoever looks: command, step, since when, busy with what.

A small file in the lake's state folder, or an item beside the ledger in DynamoDB. It says nothing about who may write: that is
the lock's part. One that was left by a killed process of this machine counts as none.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import psutil

from finlake.errors import FinlakeError
from finlake.lake import Lake
from finlake.ledgers import items_of
from finlake.messages import Said
from finlake.objects import write_atomically
from finlake.report import RunReport

FILE, ITEM = "running.json", "running"


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
    doing: Said | None
    steps: list[dict[str, Any]] = field(default_factory=list)


class _Board(Protocol):
    """Where a run is told, and looked for. `every`: seconds between two tellings of one step."""

    every: float

    def tell(self, said: dict[str, Any]) -> None: ...
    def clear(self) -> None: ...
    def look(self) -> Any: ...


class _File:
    """A small file in the lake's state folder, replaced at once."""

    every = 0.5

    def __init__(self, lake: Lake) -> None:
        self.file = lake.state_dir / FILE

    def tell(self, said: dict[str, Any]) -> None:
        write_atomically(str(self.file), json.dumps(said).encode())

    def clear(self) -> None:
        self.file.unlink(missing_ok=True)

    def look(self) -> Any:
        return json.loads(self.file.read_bytes())


class _Item:
    """An item beside the lease of a lake whose ledger lies in DynamoDB, seen from every machine."""

    every = 2.0

    def __init__(self, lake: Lake) -> None:
        self.items = items_of(lake)

    def tell(self, said: dict[str, Any]) -> None:
        from finlake.dynamo import Put

        self.items.change([Put(ITEM, said)])

    def clear(self) -> None:
        from finlake.dynamo import Delete

        with suppress(FinlakeError):
            self.items.change([Delete(ITEM)])

    def look(self) -> Any:
        return self.items.get(ITEM)


def _board(lake: Lake) -> _Board:
    return _File(lake) if lake.ledger is None else _Item(lake)


@contextmanager
def visible(lake: Lake, report: RunReport) -> Iterator[None]:
    """Let others see this run while it lasts. The caller holds the lake's writer lock."""
    board, told, step = _board(lake), 0.0, ""

    def tell() -> None:
        nonlocal told, step
        now, running = time.monotonic(), _of(report)
        if running.step == step and now - told < board.every:
            return
        told, step = now, running.step
        with suppress(OSError, FinlakeError):  # a run never fails because nobody can watch it
            board.tell(asdict(running))

    report.on_change = tell
    tell()
    try:
        yield
    finally:
        board.clear()


def running(lake: Lake) -> Running | None:
    """The run that is going on in this lake, or None. One of another machine is known only where the ledger is shared; whether
    it still lives, its lease tells."""
    try:
        found = Running(**_board(lake).look())
    except (OSError, ValueError, TypeError):
        return None
    if found.host == socket.gethostname():
        return found if _lives(found) else None
    return found if lake.ledger is not None else None


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
