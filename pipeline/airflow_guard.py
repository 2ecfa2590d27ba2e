"""Ends Airflow's processes when its owner ends, however that ends: normally, by Ctrl-C or by kill -9.

Runs as its own small process. It reads process ids, one per line, from standard input; when the input closes
(the owner closed it, or died) it ends those processes and all that they started, politely, then by force.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable

import psutil

PATIENCE_SECONDS = 8.0


def family(pids: Iterable[int]) -> list[psutil.Process]:
    """The living processes with these ids and all their descendants, in whatever process group."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            parent = psutil.Process(pid)
            members = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        found.update((member.pid, member) for member in members)
    return list(found.values())


def end(pids: Iterable[int], patience: float = PATIENCE_SECONDS) -> None:
    """Ask the processes to end; what lives after `patience` seconds, and what it started since, is killed."""
    members = family(pids)
    for member in members:
        _signal(member, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(members, timeout=patience)
    for member in family(process.pid for process in stubborn):
        _signal(member, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=patience)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def main() -> None:
    """Wait for the owner's end, then end what it named."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end([int(line) for line in sys.stdin])


if __name__ == "__main__":
    main()
