"""The candidate models and the baselines: each takes daily histories and gives so many days ahead.

A candidate is a function (values, horizon, config) -> frame of `horizon` days × the same series. It gets histories without
gaps that are long enough for it (`least_history`); adding one is a row of CANDIDATES and a name in ml/config/forecast.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.gradient_boosting import lightgbm
from ml.forecast.statistical import each_alone

Candidate = Callable[..., pd.DataFrame]


def seasonal_naive(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """The same weekday of the last week again."""
    season = config["season_days"]
    last = values.iloc[-season:].to_numpy()
    return _ahead(values, last[np.arange(horizon) % season])


def run_rate(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """The mean of the last 30 days, every day: what a spreadsheet does."""
    mean = values.iloc[-30:].mean().to_numpy()
    return _ahead(values, np.tile(mean, (horizon, 1)))


def straight_line(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """koku's method: a straight line by least squares through the last 30 days without outliers, never below zero.

    Source: project-koku/koku, `koku/forecast.py` (Apache-2.0): outliers lie beyond 1.5 interquartile ranges.
    """
    last = values.iloc[-30:].to_numpy(dtype=float)
    low, high = np.nanpercentile(last, [25, 75], axis=0)
    room = 1.5 * (high - low)
    kept = np.where((last < low - room) | (last > high + room), np.nan, last)
    x = np.arange(len(last))[:, None] * np.where(np.isnan(kept), np.nan, 1.0)
    x_mean, y_mean = np.nanmean(x, axis=0), np.nanmean(kept, axis=0)
    spread = np.nansum((x - x_mean) ** 2, axis=0)
    together = np.nansum((x - x_mean) * (kept - y_mean), axis=0)
    slope = np.divide(together, spread, out=np.zeros_like(spread), where=spread > 0)
    ahead = np.arange(len(last), len(last) + horizon)[:, None]
    return _ahead(values, np.maximum(y_mean + slope * (ahead - x_mean), 0.0))


def auto_ets(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """Exponential smoothing with additive error and season, its trend (damped or none) chosen by AICc (Hyndman et al. 2002),
    by statsforecast. The multiplicative forms explode on series near zero, and take three times as long."""
    from statsforecast.models import AutoETS

    return _statistical(
        AutoETS(season_length=config["season_days"], model="AZA", damped=True),
        _recent(values, config),
        horizon,
    )


def auto_theta(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """Dynamic optimised Theta (Fiorucci et al. 2016), by statsforecast."""
    from statsforecast.models import DynamicOptimizedTheta

    return _statistical(DynamicOptimizedTheta(season_length=config["season_days"]), values, horizon)


def mstl(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """Weekly and, from two years on, yearly seasons by MSTL (Bandara et al. 2021), the trend by a damped smoothing."""
    from statsforecast.models import MSTL, AutoETS

    season = config["season_days"]
    seasons = [season, 365] if len(values) >= 2 * 365 + season else [season]
    return _statistical(MSTL(seasons, trend_forecaster=AutoETS(model="AAN", damped=True)), values, horizon)


CANDIDATES: Mapping[str, Candidate] = {
    "seasonal_naive": seasonal_naive,
    "auto_ets": auto_ets,
    "auto_theta": auto_theta,
    "mstl": mstl,
    "lightgbm": lightgbm,
    "run_rate": run_rate,
    "straight_line": straight_line,
}
EXPENSIVE = frozenset({"auto_ets", "mstl"})
"""Candidates that are asked for the most expensive series only."""
TOGETHER = frozenset({"lightgbm"})
"""Candidates that learn from all series at once: not to be spread by series."""


def forecasts(
    values: pd.DataFrame,
    horizon: int,
    config: Mapping[str, Any],
    *,
    expensive: Collection[str],
    names: Collection[str],
    signs: Mapping[str, pd.DataFrame] | None = None,
) -> dict[str, pd.DataFrame]:
    """Each candidate's forecast, days ahead × all series, NaN where it was not asked: too short a history, or not expensive
    enough.

    `values`: days × series, NaN before a series begins. Money in, money out. `signs`: of coming changes, days × series, for the
    candidates that learn from all series at once.
    """
    length = values.notna().sum()
    recent = values.iloc[-config["history_days"] :]
    made = {}
    for name in names:
        asked = length.index[length >= config["least_history"].get(name, 1)]
        if name in EXPENSIVE:
            asked = asked.intersection(pd.Index(expensive), sort=False)
        more = (
            {"signs": {n: f.loc[recent.index, asked] for n, f in (signs or {}).items()}}
            if name in TOGETHER
            else {}
        )
        given = (
            CANDIDATES[name](recent[asked], horizon, config, **more)
            if len(asked)
            else _ahead(values[[]], np.empty((horizon, 0)))
        )
        made[name] = given.reindex(columns=values.columns)
    return made


def _statistical(model: Any, values: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """The seasonal naive where the model can't fit (too flat, too short)."""
    from statsforecast.models import SeasonalNaive

    return _ahead(values, each_alone(model, SeasonalNaive(7), values, horizon, "D"))


def _recent(values: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    """The days that a smoothing's level, trend and season still feel."""
    return values.iloc[-config["smoothing_days"] :]


def _ahead(values: pd.DataFrame, made: np.ndarray) -> pd.DataFrame:
    """A forecast as a frame: the days after the history × its series."""
    days = pd.date_range(values.index[-1] + pd.Timedelta(days=1), periods=len(made), freq="D", name="ds")
    return pd.DataFrame(np.asarray(made, dtype=float), index=days, columns=values.columns)
