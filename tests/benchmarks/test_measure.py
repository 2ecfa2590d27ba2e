"""What is measured of a process is that of all the processes it starts, also of those that outlive it."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from benchmarks.measure import Measured, measure

BURN = "import time; [None for _ in iter(lambda: time.process_time() < 0.6, False)]"
HOLD = "import time; held = bytearray(60_000_000); time.sleep(4)"


def measured(script: str, folder: Path, seconds: float = 60, memory: int = 2_000_000_000) -> Measured:
    return measure([sys.executable, "-c", textwrap.dedent(script)], folder, seconds, memory)


def test_children_and_orphans_count(tmp_path: Path) -> None:
    took = measured(
        f"""
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", {BURN!r}])
        print("said")
        """,
        tmp_path,
    )
    assert (took.outcome, took.said) == ("ok", "said\n")
    assert took.cpu >= 0.6
    took = measured(
        f"""
        import subprocess, sys
        held = bytearray(60_000_000)
        subprocess.run([sys.executable, "-c", {HOLD!r}], check=True)
        """,
        tmp_path,
    )
    assert took.outcome == "ok"
    assert took.peak_memory > 120_000_000


def test_the_end_is_told(tmp_path: Path) -> None:
    took = measured("raise SystemExit('no such thing')", tmp_path)
    assert (took.outcome, took.said) == ("failed", "no such thing\n")
    assert measured("import time; time.sleep(60)", tmp_path, seconds=0.3).outcome == "timeout"
    took = measured(
        "held = bytearray(500_000_000); import time; time.sleep(60)", tmp_path, memory=100_000_000
    )
    assert took.outcome == "memory"
    assert took.wall < 30
