"""One gradient boosting model for all series: what they have in common (weekdays, month ends, holidays, launches) is learned
once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ml.forecast import calendar

_LAGS = (1, 7, 14, 21, 28)


def lightgbm(values: pd.DataFrame, horizon: int, config: Mapping[str, Any]) -> pd.DataFrame:
    """A global LightGBM over lags, rolling means and the calendar, each series on its own scale (mlforecast).

    Learned on the most expensive series (`training_series`) and asked for all. A series that has just begun is told by its age.
    """
    ids = list(values.columns)
    fitted = _fitted(values[_largest(values, config["lightgbm"]["training_series"])], config)
    made = fitted.predict(horizon, new_df=_long(values, config))
    wide = made.pivot(index="ds", columns="unique_id", values="lightgbm").reindex(columns=ids)
    return pd.DataFrame(
        wide.to_numpy(dtype=float), index=_days_after(values, horizon), columns=values.columns
    )


def _fitted(values: pd.DataFrame, config: Mapping[str, Any]) -> Any:
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
    return forecast.fit(_long(values, config), dropna=False, static_features=[], max_horizon=None)


def _long(values: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    from ml.forecast.candidates import long_of

    return long_of(values.iloc[-config["lightgbm"]["history_days"] :])


def _largest(values: pd.DataFrame, most: int) -> list[str]:
    spend = values.iloc[-56:].abs().sum().sort_values(ascending=False, kind="stable")
    wanted = set(spend.index[:most])
    return [name for name in values.columns if name in wanted]


def _days_after(values: pd.DataFrame, horizon: int) -> pd.DatetimeIndex:
    return pd.date_range(values.index[-1] + pd.Timedelta(days=1), periods=horizon, freq="D", name="ds")
