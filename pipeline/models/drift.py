"""Whether what came since departs from what the champion was measured on, told from published marts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from finlake.lake import Lake
from finlake.messages import message
from finlake.settings import Settings
from ml.config import load
from ml.forecast.panel import BOTTOM, panel_of
from ml.forecast.train import Trained
from ml.registry.drift import drift
from pipeline.ml_inputs import plain
from pipeline.models.inputs import Inputs
from pipeline.published import published

RECENT_DAYS = 28


def signs_of(
    lake: Lake,
    settings: Settings,
    inputs: Inputs,
    version: str,
    models: Mapping[str, Trained],
    measured: Mapping[str, float],
) -> list[dict[str, Any]]:
    """Messages of all signs of drift of a version and its models by currency. `measured`: the version's figures in MLflow."""
    found = [
        sign
        for currency in inputs.bills
        if currency in models
        for sign in drift(
            _accuracy(lake, settings, inputs, version, currency),
            _spend(inputs, currency, models[currency]),
            models[currency].seen,
            measured.get(f"{currency}.challenger.organisation"),
            load("registry")["drift"],
        )
    ]
    return [message(f"models.drift_{sign.sign}", **sign.values) for sign in found]


def days_measured(lake: Lake, settings: Settings, inputs: Inputs, version: str) -> int:
    """Days of the last weeks of which there is a forecast of the version and what came, over all currencies."""
    return sum(len(_accuracy(lake, settings, inputs, version, currency)) for currency in inputs.bills)


def _spend(inputs: Inputs, currency: str, trained: Trained) -> pd.Series:
    """Money of the last days per account x service."""
    panel = panel_of(inputs.bills[currency], inputs.as_of, trained.config)
    return panel.values[panel.at(BOTTOM)].iloc[-RECENT_DAYS:].sum()


def _accuracy(lake: Lake, settings: Settings, inputs: Inputs, version: str, currency: str) -> pd.DataFrame:
    """The version's own daily forecasts of the organisation in the last days, and what came."""
    since = (inputs.as_of - pd.Timedelta(days=RECENT_DAYS)).date()
    sql = (
        "select period_start, forecast_cost, actual_cost, in_80 from {mart} where grain = 'day' and "
        f"level = 'organisation' and currency = '{plain(currency)}' and period_start > date '{since}' and horizon <= 28 "
        f"and model_version = '{plain(version)}'"
    )
    with published(lake, settings) as source:
        query = sql.format(mart=source.mart("forecast_accuracy"))
        parts = [batch.to_pandas() for batch in source.batches(query, ("period_start", "forecast_cost"))]
    rows = pd.concat(parts) if parts else pd.DataFrame(columns=["forecast_cost", "actual_cost", "in_80"])
    return rows.astype({"forecast_cost": float, "actual_cost": float})
