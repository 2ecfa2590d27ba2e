"""Whether somebody asked this process to stop: libraries dress an interruption up as an error of their own."""

from __future__ import annotations

import signal
from types import FrameType

_asked = False


def listen() -> None:
    """Let SIGINT (Ctrl-C) and SIGTERM (Airflow, systemd, docker stop) unwind the process, and remember that they came."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
    except ValueError:
        return  # not the main thread: the caller owns the signals


def forget() -> None:
    """Begin anew: one process may run several commands."""
    global _asked
    _asked = False


def asked() -> bool:
    """True once a signal to stop has come."""
    return _asked


def check() -> None:
    """Raise KeyboardInterrupt once a signal has come: Python swallows one that strikes inside a finaliser or a callback."""
    if _asked:
        raise KeyboardInterrupt


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt
