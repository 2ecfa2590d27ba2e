"""Forecasts of a daily level by months or weeks: the model is chosen by rolling origins on the series itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsforecast.models import AutoETS, AutoTheta, Naive


@dataclass(frozen=True)
class Predicted:
    """Levels of the periods after the series: estimate, ends of the interval, and the model's name."""

    level: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    method: str


def predicted(values: np.ndarray, horizon: int, season: int, rules: Mapping[str, Any]) -> Predicted:
    """`horizon` periods ahead by AutoETS, AutoTheta or the last value, whichever had the least WAPE at the last origins.

    statsforecast's models (Hyndman et al. 2002 for ETS, Fiorucci et al. 2016 for Theta) and their own normal intervals at
    `level`; nothing falls below zero. `season` is 1 where no season can be known.
    """
    names = ["AutoETS", "AutoTheta", "Naive"]
    errors = {name: _error(name, values, min(horizon, 3), season, rules["windows"]) for name in names}
    best = min(names, key=lambda name: (round(errors[name], 9), names.index(name)))
    return _forecast(best, values, horizon, season, rules["level"])


def _model(name: str, season: int) -> Any:
    if name == "AutoETS":
        return AutoETS(season_length=season, model="ZZZ" if season > 1 else "ZZN")
    return AutoTheta(season_length=season) if name == "AutoTheta" else Naive()


def _forecast(name: str, values: np.ndarray, horizon: int, season: int, level: int) -> Predicted:
    made = _model(name, season).forecast(y=values.astype(float), h=horizon, level=[level])
    ends = (np.asarray(made[f"{end}-{level}"], dtype=float) for end in ("lo", "hi"))
    mean, lower, upper = (np.maximum(one, 0.0) for one in (np.asarray(made["mean"], dtype=float), *ends))
    return Predicted(mean, np.minimum(lower, mean), np.maximum(upper, mean), name)


def _error(name: str, values: np.ndarray, horizon: int, season: int, windows: int) -> float:
    """WAPE over the last `windows` origins; infinite where the model fails or the series is too short for it."""
    wrong = size = 0.0
    for back in range(windows + horizon - 1, horizon - 1, -1):
        known, came = values[: len(values) - back], values[len(values) - back :][:horizon]
        if len(known) < 4:
            return 0.0 if name == "Naive" else np.inf
        try:
            with np.errstate(all="ignore"):
                told = _model(name, season).forecast(y=known.astype(float), h=len(came))["mean"]
        except (
            ValueError,
            ZeroDivisionError,
            FloatingPointError,
            NotImplementedError,
            np.linalg.LinAlgError,
        ):
            return np.inf
        wrong += float(np.abs(np.asarray(told) - came).sum())
        size += float(np.abs(came).sum())
    return wrong / size if size > 0 and np.isfinite(wrong) else (0.0 if name == "Naive" else np.inf)


def by_month(daily: pd.Series) -> pd.Series:
    """Mean level of the whole months of a daily series."""
    month = daily.index.to_period("M")
    sizes = daily.groupby(month).size()
    means = daily.groupby(month).mean()
    return means[sizes == sizes.index.days_in_month]


def by_week(daily: pd.Series) -> pd.Series:
    """Mean level of weeks that end on the last day, by their last day."""
    whole = daily.iloc[len(daily) % 7 :]
    ends = whole.index[6::7]
    return pd.Series(whole.to_numpy().reshape(-1, 7).mean(axis=1), index=ends)
