"""Models of statsforecast, each series by itself."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd


def each_alone(model: Any, fallback: Any, values: pd.DataFrame, horizon: int, freq: str) -> np.ndarray:
    """What the model says of the `horizon` steps after the history: steps × series of `values` (steps × series, null before a
    series' first step). `fallback`: the model of statsforecast for series that it can't fit. `freq`: pandas' word for a step."""
    from statsforecast import StatsForecast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        engine = StatsForecast([model], freq=freq, n_jobs=1, fallback_model=fallback)
        made = engine.forecast(df=long_of(values), h=horizon)
    wide = made.pivot(index="ds", columns="unique_id", values=made.columns[-1])
    return wide.reindex(columns=values.columns).to_numpy(dtype=float)


def long_of(values: pd.DataFrame) -> pd.DataFrame:
    """unique_id, ds, y; each series from its first step on."""
    long = values.rename_axis(index="ds", columns="unique_id").unstack().dropna()
    return long.rename("y").reset_index()
