"""`make backtest`: all tables that say how good the models are, each with its data, seed and configuration hash.

Forecasts on the golden history (synthetic) by `finlake backtest`, and on NN5; anomalies on the golden history's known events,
on NAB and on the cloud monitoring set. Data of others are scored with frozen configurations only, and each scoring is logged
in ml/evaluations.jsonl. The first run loads 25 months, which takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from finlake.clock import utc_now
from finlake.paths import PROJECT_ROOT
from ml.anomaly.detect import detect
from ml.config import config_hash, load
from ml.evaluate import golden, nn5, outside
from ml.evaluate.log import LOG, frozen, note_run
from tests.ml.anomaly.made import organisation

DATA = PROJECT_ROOT.parent / "shared" / "data"
HISTORY = DATA / "golden" / "history"
FOLDER = PROJECT_ROOT / "build" / "backtest"
MADE_SEEDS = [*range(40, 46), *range(60, 66)]
FLOOR = 10.0
"""Events with less extra cost (USD) are not asked for."""


def main() -> None:
    """Print everything; with --only, one part: forecast, anomalies, nn5, nab."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["forecast", "anomalies", "nn5", "nab"])
    parser.add_argument("--note", default="make backtest")
    given = parser.parse_args()
    if not HISTORY.is_dir():
        raise SystemExit(
            f"the golden history isn't there ({HISTORY}); try `finlake backtest` on your own lake"
        )
    parts = {"forecast": _forecast, "anomalies": _anomalies, "nn5": _nn5, "nab": _nab}
    for name, part in parts.items():
        if given.only in (None, name):
            print(f"\n=== {name}", flush=True)
            part(given.note)


def _forecast(note: str) -> None:
    _lake()
    run = _finlake("backtest", "--output", str(FOLDER / "rows"), "--json")
    said = json.loads(run)
    print(json.dumps(said["made_from"]))
    for currency, tables in said["tables"].items():
        accuracy = pd.DataFrame(tables["accuracy"])
        wide = accuracy.pivot(index=["measure", "level"], columns="model", values="accuracy")
        print(currency, wide.round(4).to_string(na_rep="-"), sep="\n")
        covered = pd.DataFrame(tables["coverage"])
        print(
            covered.pivot(index=["grain", "level"], columns="nominal", values="covered").round(3).to_string()
        )
        note_run(LOG, "forecast", f"golden history {currency}", HISTORY / "exports", accuracy, _today(), note)


def _anomalies(note: str) -> None:
    """On the months whose events are given: those that the thresholds were chosen on. The others have no truth here."""
    lake_bill = _bill()
    config, until = load("anomaly"), pd.Timestamp("2025-03-31")
    known = lake_bill[lake_bill["usage_date"] <= until]
    truth = pd.read_csv(HISTORY / "truth" / "anomalies.csv", dtype={"account": str}, keep_default_na=False)
    events = golden.with_ratio(truth, known, until.date())
    alerts = detect(known, until.date(), config)
    series = known[["account_id", "service"]].drop_duplicates().shape[0]
    weeks = (until - known["usage_date"].min()).days / 7
    figures = golden.score(alerts, events, series, weeks, FLOOR)
    print(f"configuration {config_hash(config)}, floor {FLOOR} USD, months to {until.date()} (designed on)")
    print(pd.Series(figures).to_string())
    later = detect(lake_bill, (lake_bill["usage_date"].max() - pd.Timedelta(days=2)).date(), config)
    print(
        f"alerts of the months after it, whose truth isn't given: {int((later['started_at'] > until).sum())}"
    )
    _made(config)


def _made(config: Mapping[str, Any]) -> None:
    """Bills of the tests' own generator, seeds on which nothing was mended."""
    rows = []
    for seed in MADE_SEEDS:
        bill, truth = organisation(seed)
        last = bill["usage_date"].max() - pd.Timedelta(days=2)
        events = golden.with_ratio(truth, bill, last.date())
        series = bill[["account_id", "service"]].drop_duplicates().shape[0]
        weeks = (last - bill["usage_date"].min()).days / 7
        rows.append(golden.score(detect(bill, last.date(), config), events, series, weeks, FLOOR))
    table = pd.DataFrame(rows)
    alerts, false = table["alerts"].sum(), table["false"].sum()
    print(
        f"made bills, seeds {MADE_SEEDS}: {alerts} alerts, {false} false, precision {1 - false / alerts:.3f}"
    )
    print(f"false per 100 series-weeks {table['false_per_100_series_weeks'].mean():.3f}")
    for band in ("3x", "2x", "1.5x", "less", "leak", "drop"):
        wanted = table[f"events_{band}"]
        found = (table[f"recall_{band}"].astype(float).fillna(0.0) * wanted).sum()
        print(f"{band}: {found:.0f} of {wanted.sum()}")


def _nn5(note: str) -> None:
    frozen("forecast")
    values = nn5.read(DATA / "outside" / "nn5" / "nn5_series_001_055.csv")
    for horizon in (14, 56):
        table = nn5.table(values, horizon, load("forecast"))
        print(f"NN5, 55 series, last {horizon} days; published OWA on 111 series: {nn5.PUBLISHED[horizon]}")
        print(table.round(4).to_string(index=False), flush=True)
        note_run(LOG, "forecast", f"nn5 {horizon} days", DATA / "outside" / "nn5", table, _today(), note)


def _nab(note: str) -> None:
    outside.main(DATA / "outside", LOG, _today(), note)


def _lake() -> None:
    """The golden history, loaded and published once."""
    if not (FOLDER / "lake" / "warehouse").is_dir():
        _finlake(
            "run", "--source", str(HISTORY / "exports"), "--metrics-source", str(HISTORY / "metric_streams")
        )


def _bill() -> pd.DataFrame:
    from finlake.lake import open_lake
    from finlake.settings import load_settings
    from pipeline.ml_inputs import read_bill

    _lake()
    settings = load_settings(lake=str(FOLDER / "lake"))
    bills, _ = read_bill(open_lake(settings.lake), settings)
    return bills["USD"]


def _finlake(*arguments: str) -> str:
    environment = os.environ | {"FINLAKE_LAKE": str(FOLDER / "lake")}
    command = [str(Path(sys.executable).parent / "finlake"), *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout


def _today() -> str:
    return utc_now().date().isoformat()


if __name__ == "__main__":
    main()
