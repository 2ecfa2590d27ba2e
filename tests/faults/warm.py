"""A process that has imported finlake once and forks a child for each command: a case costs what the command does, not imports.

The server (`python -m tests.faults.warm`) does no work itself, so it has no thread of Python's when it forks. A child is a real
process: it runs the real command line, can be stopped and killed, and shares nothing with the next one.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent.parent
IMPORTED = (
    "pipeline.steps",
    "pipeline.silver",
    "pipeline.commands.build",
    "pipeline.commands.ingest",
    "pipeline.commands.publish",
    "pipeline.commands.run",
    "pipeline.dbt_runner",
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "expectations.runner",
    "great_expectations",
)
LIMIT = 600.0
"""Seconds after which a command counts as hung."""


@dataclass
class Run:
    """One command that was started: its process, and where its output goes."""

    warm: Warm
    pid: int
    out: Path
    started: float = field(default_factory=time.monotonic)

    def wait(self, timeout: float = LIMIT) -> int | None:
        """The exit code (-9 after a SIGKILL); None where it still runs after `timeout` seconds."""
        return self.warm.wait(self.pid, timeout)

    def finish(self) -> int:
        """The exit code. Raises AssertionError where the command hangs."""
        code = self.wait()
        if code is None:
            self.send(signal.SIGKILL)
            self.wait()
            raise AssertionError(f"the command hung for {LIMIT:.0f} s: {self.text()[-500:]}")
        return code

    def send(self, number: int) -> None:
        if self.pid not in self.warm.ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def text(self) -> str:
        """What it wrote to stdout and stderr."""
        return self.out.read_text(errors="replace")

    def said(self) -> dict[str, Any]:
        """The JSON answer of a command that ran with --json; empty where there is none."""
        start = self.text().find("{")
        with contextlib.suppress(ValueError):
            return dict(json.JSONDecoder().raw_decode(self.text()[start:])[0])
        return {}


class Warm:
    """A started server and the children that it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ended, self._live = folder, dict[int, int](), set[int]()
        self._count, self._rest = 0, b""
        folder.mkdir(parents=True, exist_ok=True)
        # Without coverage: children that are killed, or end by _exit, never save theirs.
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("FINLAKE_", "COV"))}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.warm"],
            cwd=REPOSITORY,
            env=environment | {"OPENBLAS_NUM_THREADS": "1", "FINLAKE_STATE_HOME": str(folder / "state-home")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answer()

    def start(self, *arguments: str | Path, hooks: dict[str, Any] | None = None, **environment: str) -> Run:
        """Start `finlake ARGUMENTS --json`; `hooks` are tests.faults.hooks' functions with their argument."""
        self._count += 1
        out = self.folder / f"command-{self._count % 50}.out"
        out.unlink(missing_ok=True)
        self._ask(
            {
                "arguments": [*map(str, arguments), "--json"],
                "environment": environment,
                "hooks": hooks or {},
                "out": str(out),
            }
        )
        while (said := self._answer()).get("started") is None:
            continue
        return Run(self, said["started"], out)

    def run(self, *arguments: str | Path, hooks: dict[str, Any] | None = None, **environment: str) -> Run:
        """Start a command and wait for its end. Raises AssertionError where it fails in any way."""
        run = self.start(*arguments, hooks=hooks, **environment)
        code = run.finish()
        assert code == 0, f"exit {code}: {run.text()[-2000:]}"
        return run

    def wait(self, pid: int, timeout: float) -> int | None:
        until = time.monotonic() + timeout
        while pid not in self.ended:
            left = until - time.monotonic()
            if left <= 0 or not self._readable(left):
                return None
            self._answer()
        return self.ended[pid]

    def learn(self, file: Path) -> None:
        """Take over the compiled SQL that a child left in `file`, for all children to come."""
        self._ask({"learn": str(file)})

    def end_all(self) -> None:
        """Kill what a case has left running."""
        for pid in sorted(self._live):
            os.kill(pid, signal.SIGKILL)
            self.wait(pid, LIMIT)

    def close(self) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(timeout=30)

    def _ask(self, request: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(request).encode() + b"\n")
        self._server.stdin.flush()

    def _readable(self, timeout: float) -> bool:
        return b"\n" in self._rest or bool(select.select([self._server.stdout], [], [], timeout)[0])

    def _answer(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        while b"\n" not in self._rest:
            read = os.read(self._server.stdout.fileno(), 65536)
            assert read, "the warm server is gone"
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        if "started" in said:
            self.ended.pop(said["started"], None)  # the system gives a number to more than one process
            self._live.add(said["started"])
        if "ended" in said:
            self.ended[said["ended"]] = said["code"]
            self._live.discard(said["ended"])
        return said


def serve() -> None:
    """Answer requests on stdin, one JSON object per line, until it is closed."""
    import importlib

    for module in IMPORTED:
        importlib.import_module(module)
    _read_facts()
    answers = os.dup(1)
    os.dup2(2, 1)  # a library that prints doesn't disturb the answers
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def answer(**said: Any) -> None:
        os.write(answers, json.dumps(said).encode() + b"\n")

    answer(ready=True)
    rest = b""
    while True:
        ready = select.select([0, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
            for pid, code in _ended():
                answer(ended=pid, code=code)
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                request = json.loads(line)
                if "learn" in request:
                    _learn(Path(request["learn"]))
                else:
                    answer(started=_fork(request))


def _read_facts() -> None:
    """Contracts and catalogue, which every command reads first and keeps."""
    from finlake.catalogue import Catalogue
    from finlake.contracts import all_contracts
    from spark_jobs.silver.facts import Facts

    all_contracts()
    Facts(Catalogue.load()).fingerprint()


def _ended() -> list[tuple[int, int]]:
    found = []
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found.append((ended[0], os.waitstatus_to_exitcode(ended[1])))
    return found


def _learn(file: Path) -> None:
    from finlake.engines import duckdb_engine

    duckdb_engine._COMPILED.update(pickle.loads(file.read_bytes()))


def _fork(request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(1, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(request["environment"])
        code = _command(request)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _command(request: dict[str, Any]) -> int:
    from pipeline.cli import main
    from tests.faults import hooks

    after = [getattr(hooks, name)(argument) for name, argument in request["hooks"].items()]
    code = main(request["arguments"])
    for end in after:
        if end is not None:
            end()
    return code


if __name__ == "__main__":
    serve()
