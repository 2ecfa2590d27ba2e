"""NN5: daily cash withdrawals (http://www.neural-forecasting-competition.com/NN5/), forecast by the code that forecasts a bill.

OWA as in the M4 competition: the mean of sMAPE and MASE, each relative to Naive2 (the last value, seasonally adjusted where an
autocorrelation test finds a season). Source: Makridakis et al. 2020, https://doi.org/10.1016/j.ijforecast.2019.04.014.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.backtest.measures import mase, smape
from ml.forecast import ensemble
from ml.forecast.candidates import CANDIDATES
from ml.forecast.model import learn
from ml.forecast.panel import BOTTOM, COLUMNS, Panel
from ml.forecast.windows import origins_before, said_at, windows_of

BASELINES = ("seasonal_naive", "straight_line", "run_rate")
"""Of the history as it is, spikes and all."""
PUBLISHED = {
    14: {"seasonal_naive": 0.861, "auto_ets": 0.688, "lightgbm": 0.655, "finlake": 0.642},
    56: {"seasonal_naive": 0.806, "auto_ets": 0.673, "lightgbm": 0.639, "finlake": 0.620},
}
"""OWA on the full set of 111 series; under `finlake` the published ensemble of AutoETS and LightGBM."""


def read(path: Path) -> pd.DataFrame:
    """Days × series; blanks are gaps (NaN)."""
    frame = pd.read_csv(path)
    days = pd.to_datetime(frame.pop("Day"), format="%d-%b-%y")
    return frame.set_axis(pd.DatetimeIndex(days, name="ds"))


def table(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """smape, mase and owa of Naive2, each candidate and the ensemble on the last `horizon` days: one row a model."""
    settings = {**config, "horizon_days": horizon, "levels": {BOTTOM: ["account_id", "service"]}}
    settings["expensive_series"] = values.shape[1]
    known, came = values.iloc[:-horizon], values.iloc[-horizon:]
    panel = _panel(filled(known))
    end = panel.values.index[-1]
    first = panel.values.index[0] + pd.Timedelta(days=120)
    windows = windows_of(panel, origins_before(first, end, settings["windows"]["most"]), settings)
    windows = windows.before(end, settings["windows"]["most"])
    learned = learn(panel, windows, settings, settings["horizon_buckets"])
    said = said_at(panel, end, settings)
    names = list(learned.weights.columns)
    array = np.stack([said[name].to_numpy() for name in names])
    weight = learned.weight_of(list(panel.keys.index), list(panel.keys["level"]))
    rate = panel.values.iloc[-30:].mean().to_numpy()
    made = {"naive2": naive2(panel.values, horizon, settings["season_days"])}
    made |= {name: said[name].to_numpy() for name in names}
    made |= {name: CANDIDATES[name](panel.values, horizon, settings).to_numpy() for name in BASELINES}
    made["finlake"] = ensemble.combined(array, weight, rate)
    return _scores(made, panel.values, came.to_numpy(), settings["season_days"])


def filled(values: pd.DataFrame) -> pd.DataFrame:
    """Gaps as the median of the same weekday in the four weeks on either side."""
    made = values.copy()
    for day in range(7):
        part = made[made.index.dayofweek == day]
        around = part.rolling(9, center=True, min_periods=1).median().ffill().bfill()
        made.loc[part.index] = part.fillna(around)
    return made


def naive2(values: pd.DataFrame, horizon: int, season: int) -> np.ndarray:
    """The last value, times the season's index where the season is significant (M4's benchmark), horizon × series."""
    return np.stack([_naive2(series, horizon, season) for series in values.to_numpy(dtype=float).T], axis=1)


def _naive2(series: np.ndarray, horizon: int, season: int) -> np.ndarray:
    index = np.ones(season)
    if _is_seasonal(series, season):
        trend = pd.Series(series).rolling(season, center=True).mean().to_numpy()
        ratio = series / np.where(trend > 0, trend, np.nan)
        place = np.arange(len(series)) % season
        found = np.array([np.nanmean(ratio[place == position]) for position in range(season)])
        index = found / found.mean() if (found > 0).all() else index
    ahead = index[(len(series) + np.arange(horizon)) % season]
    return series[-1] / index[(len(series) - 1) % season] * ahead


def _is_seasonal(series: np.ndarray, season: int) -> bool:
    """M4's test: the autocorrelation at the season's lag beyond 90 %."""
    if len(series) < 3 * season:
        return False
    centred = series - series.mean()
    full = (centred**2).sum()
    acf = np.array([(centred[lag:] * centred[:-lag]).sum() / full for lag in range(1, season + 1)])
    limit = 1.645 * np.sqrt((1 + 2 * (acf[:-1] ** 2).sum()) / len(series))
    return bool(abs(acf[-1]) > limit)


def _scores(
    made: Mapping[str, np.ndarray], history: pd.DataFrame, came: np.ndarray, season: int
) -> pd.DataFrame:
    past = history.to_numpy(dtype=float)
    rows = []
    for name, said in made.items():
        errors = [
            (
                smape(came[there, n], said[there, n]),
                mase(came[there, n], said[there, n], past[:, n], season),
            )
            for n in range(came.shape[1])
            if (there := ~np.isnan(came[:, n])).any()
        ]
        rows.append((name, *np.mean(errors, axis=0)))
    table = pd.DataFrame(rows, columns=["model", "smape", "mase"])
    base = table.set_index("model").loc["naive2"]
    table["owa"] = (table["smape"] / base["smape"] + table["mase"] / base["mase"]) / 2
    return table


def _panel(values: pd.DataFrame) -> Panel:
    ids = [f"{BOTTOM}|{name}" for name in values.columns]
    keys = pd.DataFrame(
        [
            {"level": BOTTOM, "series_id": name} | dict.fromkeys(COLUMNS, "") | {"service": name}
            for name in map(str, values.columns)
        ],
        index=pd.Index(ids, name="unique_id"),
    )
    return Panel(values.set_axis(pd.Index(ids, name="unique_id"), axis=1), keys)
