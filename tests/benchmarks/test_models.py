"""The bench of many series on few: a row a subject, with the series that were asked."""

from __future__ import annotations

import subprocess
import sys


def test_a_row_for_each_subject() -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks.models",
        "--series",
        "40",
        "--expensive",
        "5",
        "--alone",
        "6",
    ]
    command += ["--subject", "process", "--subject", "auto_ets"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()
    ]
    assert head[1:3] == ["series", "wall, s"] and [row[:2] for row in rows] == [
        ["process", "40"],
        ["auto_ets", "6"],
    ]
    assert all(float(row[-1].replace(",", "")) > 0 for row in rows)
