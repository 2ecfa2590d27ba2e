"""One gradient boosting model for all series: what they have in common (weekdays, month ends, holidays, launches) is learned
once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast import calendar
from ml.forecast.statistical import long_of

_LAGS = (1, 7, 14, 21, 28)


def lightgbm(
    values: pd.DataFrame,
    horizon: int,
    config: Mapping[str, Any],
    signs: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """A global LightGBM over lags, rolling means, the calendar and signs of change, each series on its own scale (mlforecast).

    Learned on the most expensive series (`training_series`) and asked for all. A day sees the signs of the day before; the days
    ahead see those of the last day. `signs`: days × series each, as many days as `values`.
    """
    ids, known = list(values.columns), signs or {}
    fitted = _fitted(
        _long(values, known, config, _largest(values, config["lightgbm"]["training_series"])), config
    )
    given = {"X_df": _held(known, _days_after(values, horizon), ids)} if known else {}
    made = fitted.predict(horizon, new_df=_long(values, known, config, ids), **given)
    wide = made.pivot(index="ds", columns="unique_id", values="lightgbm").reindex(columns=ids)
    return pd.DataFrame(
        wide.to_numpy(dtype=float), index=_days_after(values, horizon), columns=values.columns
    )


def _fitted(long: pd.DataFrame, config: Mapping[str, Any]) -> Any:
    import lightgbm as lgb
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean, SeasonalRollingMean
    from mlforecast.target_transforms import LocalMinMaxScaler

    given = config["lightgbm"]
    model = lgb.LGBMRegressor(
        n_estimators=given["trees"],
        learning_rate=given["learning_rate"],
        num_leaves=given["leaves"],
        min_child_samples=given["least_in_leaf"],
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.8,
        random_state=config["seed"],
        deterministic=True,
        force_row_wise=True,
        num_threads=given["threads"],
        verbosity=-1,
    )
    season = config["season_days"]
    forecast = MLForecast(
        {"lightgbm": model},
        freq="D",
        lags=list(_LAGS),
        lag_transforms={
            1: [RollingMean(season, min_samples=1), RollingMean(4 * season, min_samples=1)],
            season: [SeasonalRollingMean(season, 4, min_samples=1)],
        },
        date_features=calendar.features(given["holidays"]),
        target_transforms=[LocalMinMaxScaler()],
        num_threads=1,
    )
    return forecast.fit(long, dropna=False, static_features=[], max_horizon=None)


def _long(
    values: pd.DataFrame, signs: Mapping[str, pd.DataFrame], config: Mapping[str, Any], ids: Sequence[str]
) -> pd.DataFrame:
    """unique_id, ds, y and the signs of the day before, for the days that the model learns from."""

    long = long_of(values[ids].iloc[-config["lightgbm"]["history_days"] :])
    days = values.index.get_indexer(long["ds"])
    places = values.columns.get_indexer(long["unique_id"])
    for name, frame in signs.items():
        before = frame.shift(1).fillna(0.0).to_numpy(dtype=float)
        long[name] = before[days, places]
    return long


def _held(signs: Mapping[str, pd.DataFrame], days: pd.DatetimeIndex, ids: Sequence[str]) -> pd.DataFrame:
    """The signs of the last day on each of the days ahead."""
    made = pd.DataFrame({"unique_id": np.repeat(list(ids), len(days)), "ds": np.tile(days, len(ids))})
    for name, frame in signs.items():
        made[name] = np.repeat(frame.iloc[-1].reindex(ids).to_numpy(dtype=float), len(days))
    return made


def _largest(values: pd.DataFrame, most: int) -> list[str]:
    spend = values.iloc[-56:].abs().sum().sort_values(ascending=False, kind="stable")
    wanted = set(spend.index[:most])
    return [name for name in values.columns if name in wanted]


def _days_after(values: pd.DataFrame, horizon: int) -> pd.DatetimeIndex:
    return pd.date_range(values.index[-1] + pd.Timedelta(days=1), periods=horizon, freq="D", name="ds")
