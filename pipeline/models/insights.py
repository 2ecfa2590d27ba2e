"""The page of `finlake report ml`: what a lake's newest scoring run and a backtest say, handed to ml.report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from finlake.errors import UsageError
from finlake.lake import open_lake
from finlake.objects import write_atomically
from finlake.settings import Settings
from ml.backtest.tables import accuracy_table, coverage_table
from ml.config import config_hash, load
from ml.forecast.panel import BOTTOM, Panel, panel_of
from ml.growth import growth
from ml.report import Results, page
from pipeline.ml_tables import read_results
from pipeline.models.inputs import Inputs, inputs_of
from pipeline.models.places import registry_of
from pipeline.models.units import units_of

SHOWN_SERIES = 40
_HORIZON_OF = {"next_month": "next_month", "year": "12_months", "daily": 28}


def write_page(
    settings: Settings, output: Path, language: str, backtest: Path | None, currency: str | None = None
) -> dict[str, Any]:
    """Write the page of a currency, by default of that with the largest figures. Raises NotFound where nothing is published,
    UsageError for a currency that the bill doesn't have."""
    lake, config = open_lake(settings.lake), load("forecast")
    inputs = inputs_of(lake, settings, config["late_days"])
    currency = currency or max(inputs.bills, key=lambda one: float(inputs.bills[one]["cost"].sum()))
    if currency not in inputs.bills:
        known = ", ".join(sorted(inputs.bills))
        raise UsageError.of("currency_not_billed", where=lake.root, currency=currency, currencies=known)
    bill = inputs.bills[currency]
    panel = panel_of(bill, inputs.as_of, config, units_of(settings))
    registry = registry_of(lake, settings)
    champion = registry.serving()
    forecasts = _of(read_results(lake, "forecasts"), currency)
    results = Results(
        forecasts=forecasts,
        history=_history(panel),
        anomalies=_of(read_results(lake, "anomalies"), currency, also_without=True),
        patterns=_of(read_results(lake, "patterns"), currency),
        growth=growth(bill, inputs.as_of.date(), config["horizon_months"], load("patterns")),
        model_card=registry.metrics(champion) if champion else {},
        versions=_versions(inputs, config, forecasts, champion.version if champion else None),
        **_backtest(backtest, currency, config),
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(str(output), page(results, language).encode("utf-8"))
    return {
        "path": str(output.resolve()),
        "currency": currency,
        "others": sorted(set(inputs.bills) - {currency}),
        "origin_date": inputs.as_of.date().isoformat(),
    }


def _versions(inputs: Inputs, config: Any, forecasts: pd.DataFrame, version: str | None) -> dict[str, Any]:
    return {
        "build_id": inputs.version.build_id,
        "data": inputs.version.data,
        "origin_date": inputs.as_of.date().isoformat(),
        "config_hash": config_hash(config),
        "seeds": config["seed"],
        "model_version": forecasts["model_version"].iloc[0] if len(forecasts) else version or "–",
    }


def _of(frame: pd.DataFrame, currency: str, also_without: bool = False) -> pd.DataFrame:
    keep = frame["currency"] == currency
    return frame[keep | frame["currency"].isna()] if also_without else frame[keep]


def _history(panel: Panel) -> pd.DataFrame:
    """Daily modeled cost of the levels above account × service and of its most expensive series: level, series_id, ds, cost."""
    above = [name for name in panel.keys.index if panel.keys.at[name, "level"] != BOTTOM]
    ids = [*above, *panel.by_spend(BOTTOM)[:SHOWN_SERIES]]
    long = panel.values[ids].rename_axis(index="ds", columns="unique_id").unstack().dropna()
    frame = long.rename("cost").reset_index()
    return frame.join(panel.keys[["level", "series_id"]], on="unique_id").drop(columns="unique_id")


def _backtest(folder: Path | None, currency: str, config: Any) -> dict[str, Any]:
    """The parts of the page that come from the rows of a backtest; none without."""
    path = folder / f"backtest_{currency}.parquet" if folder else None
    if path is None or not path.is_file():
        return {}
    rows = pd.read_parquet(path)
    days = rows[rows["grain"] == "day"].rename(columns={"period_start": "ds"})
    accuracy = accuracy_table(rows)
    accuracy["horizon"] = accuracy["measure"].map(_HORIZON_OF)
    covered = coverage_table(rows[rows["model"] == "finlake"], config)
    covered = covered[covered["grain"] == "day"].rename(columns={"covered": "actual"})
    covered = covered.assign(model="finlake", horizon=28, nominal=covered["nominal"] / 100)
    return {
        "backtest": days[days["level"].isin(["organisation", BOTTOM])],
        "accuracy": accuracy[["level", "model", "horizon", "accuracy", "wanted"]],
        "coverage": covered[["level", "model", "horizon", "nominal", "actual"]],
    }
