"""One cold process and what it took: wall, CPU-seconds with all it started, peak memory of the whole process tree."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.1
SAMPLING_SHARE = 0.05
"""Most of a core that looking at memory may take: large processes are looked at less often, but each SELDOM_SECONDS."""
SELDOM_SECONDS = 1.0
GRACE_SECONDS = 10.0
"""How long what the process left behind (Spark's JVM) may take to end by itself."""
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Measured:
    """Outcome ok, failed, timeout or memory; seconds; CPU-seconds of all processes; peak PSS of all at once in bytes; what
    it wrote on standard output (ok) or at the end of standard error."""

    outcome: str
    wall: float
    cpu: float
    peak_memory: int
    said: str


def measure(command: list[str], folder: Path, seconds: float, memory: int) -> Measured:
    """Run a command in a process group of its own. Over the time (seconds) or memory (bytes) limit it is stopped and said so."""
    with adopting(), (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
        watch = _Watch(process.pid, begun + seconds, memory)
        try:
            watch.start()
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime + _left_behind(process.pid)
        finally:
            watch.done.set()
            if process.returncode is None:
                _stop(process.pid)
                process.wait()
        watch.join()
    outcome = watch.verdict or ("ok" if process.returncode == 0 else "failed")
    written = (folder / ("stdout" if outcome == "ok" else "stderr")).read_text(errors="replace")
    return Measured(outcome, wall, cpu, watch.peak, written if outcome == "ok" else written[-2000:])


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Processes that outlive their parent become children of this one (Linux), so that their CPU-seconds can be asked for."""
    if sys.platform != "linux":
        yield
        return
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _left_behind(group: int) -> float:
    """CPU-seconds of orphans of the group, which are ended after GRACE_SECONDS."""
    until, cpu = time.perf_counter() + GRACE_SECONDS, 0.0
    while True:
        try:
            ended, _, usage = os.wait4(-group, os.WNOHANG)
        except ChildProcessError:
            return cpu
        if ended:
            cpu += usage.ru_utime + usage.ru_stime
        elif time.perf_counter() > until:
            _stop(group)
            until = float("inf")
        else:
            time.sleep(0.02)


def _stop(pid: int) -> None:
    """Kill a process, its descendants and its group."""
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


class _Watch(threading.Thread):
    """Samples the proportional set size of the tree (shared pages once), and stops it at a limit."""

    def __init__(self, pid: int, until: float, memory: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.until, self.memory = pid, until, memory
        self.peak, self.verdict, self.done = 0, "", threading.Event()

    def run(self) -> None:
        pause = SAMPLE_SECONDS
        while not self.done.wait(pause):
            begun = time.thread_time()
            self.peak = max(self.peak, _tree_memory(self.pid))
            if self.peak > self.memory or time.perf_counter() > self.until:
                self.verdict = "memory" if self.peak > self.memory else "timeout"
                _stop(self.pid)
                return
            pause = min(max(SAMPLE_SECONDS, (time.thread_time() - begun) / SAMPLING_SHARE), SELDOM_SECONDS)


def _tree_memory(pid: int) -> int:
    total = 0
    for process in _processes(pid):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total


def _processes(pid: int) -> set[psutil.Process]:
    """The process, its descendants, and its orphans, which this process has adopted."""
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        root = psutil.Process(pid)
        orphans = [p for p in psutil.Process().children() if p.pid != pid and os.getpgid(p.pid) == pid]
        return {root, *root.children(recursive=True), *orphans}
    return set()
