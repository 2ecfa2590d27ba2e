"""Forecasting many series in one job: every candidate for 30,000 series, beside statsforecast's AutoETS alone.

`python -m benchmarks.models` runs each subject as a process of its own and prints wall time, CPU, peak memory of all its
processes and series a second. The series are made: weekly seasons, trends, noise, launches. AutoETS alone is run on a part
and its rate is what counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import Measured, adopting, measure
from ml.config import config_hash, load
from ml.forecast.panel import BOTTOM, COLUMNS, Panel

SUBJECTS = ("process", "spark", "auto_ets")
HOURS, MEMORY = 4 * 3600.0, 20 * 1024**3


def made(series: int, days: int = 400, seed: int = 7) -> Panel:
    """A panel of account × service alone."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(2.0, 1.5, series)
    weekly = 1 + rng.normal(0, 0.15, (7, series)) * (rng.random(series) < 0.6)
    growth = 1 + rng.normal(0.0005, 0.001, series) * np.arange(days)[:, None]
    noise = rng.normal(1, 0.08, (days, series))
    values = level * weekly[np.arange(days) % 7] * np.maximum(growth, 0.1) * np.maximum(noise, 0.0)
    start = (rng.random(series) < 0.1) * rng.integers(0, days - 30, series)
    values[np.arange(days)[:, None] < start] = np.nan
    ids = pd.Index([f"{BOTTOM}|s{n}" for n in range(series)], name="unique_id")
    keys = pd.DataFrame({"level": BOTTOM, "series_id": [f"s{n}" for n in range(series)]}, index=ids)
    keys = keys.assign(**dict.fromkeys(COLUMNS, "")).assign(service=keys["series_id"])
    index = pd.date_range("2025-01-01", periods=days, name="ds")
    return Panel(pd.DataFrame(values, index=index, columns=ids), keys)


def work(subject: str, series: int, expensive: int) -> dict[str, Any]:
    """Run one subject in this process: seconds of the forecasts alone, without making the series or starting Spark."""
    from ml.forecast.candidates import forecasts
    from ml.forecast.windows import said_at

    config = {**load("forecast"), "expensive_series": expensive}
    panel = made(series)
    local = _spread() if subject == "spark" else None
    started = time.monotonic()
    if subject == "auto_ets":
        forecasts(
            panel.values, config["horizon_days"], config, expensive=panel.values.columns, names=["auto_ets"]
        )
    else:
        said_at(panel, panel.values.index[-1], config, local)
    return {"series": series, "seconds": time.monotonic() - started, "config": config_hash(load("forecast"))}


def _spread() -> Any:
    from finlake.engines.spark_session import open_session
    from ml.forecast.spread import Spread

    session, _ = open_session(str(Path("build/bench").resolve()), None)
    return Spread(session, tasks=16)


def main() -> None:
    """Run the subjects one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=30_000)
    parser.add_argument("--expensive", type=int, default=500, help="AutoETS and MSTL for so many")
    parser.add_argument("--alone", type=int, default=2_000, help="series of AutoETS alone")
    parser.add_argument("--subject", choices=SUBJECTS, action="append")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(work(given.subject[0], given.series, given.expensive)))
        return
    print("| | series | wall, s | of that forecasting, s | CPU, s | peak memory, MB | series/s |", flush=True)
    print("|---|--:|--:|--:|--:|--:|--:|", flush=True)
    for subject in given.subject or SUBJECTS:
        series = given.alone if subject == "auto_ets" else given.series
        command = [sys.executable, "-m", "benchmarks.models", "--inside", "--subject", subject]
        command += ["--series", str(series), "--expensive", str(given.expensive)]
        folder = Path("build/bench/models")
        folder.mkdir(parents=True, exist_ok=True)
        with adopting():
            found = measure(command, folder, HOURS, MEMORY)
        print(_row(subject, series, found), flush=True)


def _row(subject: str, series: int, found: Measured) -> str:
    """A row of the table, or what became of a subject that did not end."""
    if found.outcome != "ok":
        return f"| {subject} | {series:,} | {found.outcome} | | | | |"
    seconds = json.loads(found.said.splitlines()[-1])["seconds"]
    figures = f"{found.wall:,.0f} | {seconds:,.0f} | {found.cpu:,.0f} | {found.peak_memory / 1e6:,.0f}"
    return f"| {subject} | {series:,} | {figures} | {series / seconds:,.0f} |"


if __name__ == "__main__":
    main()
