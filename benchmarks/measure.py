"""One cold process and what it took: wall, CPU-seconds with children, peak memory of the whole process tree."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Measured:
    """Outcome ok, failed, timeout or memory; seconds; CPU-seconds of the process and its children; peak PSS in bytes."""

    outcome: str
    wall: float
    cpu: float
    peak_memory: int
    said: str


def measure(command: list[str], folder: Path, seconds: float, memory: int) -> Measured:
    """Run a command in a process group of its own. Over the time or memory limit it is stopped and said so."""
    begun = time.perf_counter()
    with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
        watch = _Watch(process.pid, begun + seconds, memory)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    watch.done.set()
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    outcome = watch.verdict or ("ok" if process.returncode == 0 else "failed")
    said = (folder / "stdout").read_text() if outcome == "ok" else (folder / "stderr").read_text()[-2000:]
    return Measured(outcome, wall, usage.ru_utime + usage.ru_stime, watch.peak, said)


class _Watch(threading.Thread):
    """Samples the proportional set size of the tree (shared pages once), and stops it at a limit."""

    def __init__(self, pid: int, until: float, memory: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.until, self.memory = pid, until, memory
        self.peak, self.verdict, self.done = 0, "", threading.Event()

    def run(self) -> None:
        while not self.done.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, _tree_memory(self.pid))
            if self.peak > self.memory or time.perf_counter() > self.until:
                self.verdict = "memory" if self.peak > self.memory else "timeout"
                os.killpg(self.pid, signal.SIGKILL)
                return


def _tree_memory(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
    except psutil.Error:
        return total
    return total
