"""Scoring: what every series will cost, by day and by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast import ensemble, monthly
from ml.forecast.model import Learned
from ml.forecast.panel import Panel, panel_of
from ml.forecast.parts import parts_of
from ml.forecast.reconcile import coherent
from ml.forecast.schedule import charged_so_far, scheduled_ahead, schedules, still_due
from ml.forecast.table import Ahead, by_period, rows_of
from ml.forecast.train import Trained, month_sums
from ml.forecast.windows import Local, expensive_of, said_at, size


def score(
    bill: pd.DataFrame,
    as_of: pd.Timestamp,
    trained: Trained,
    units: Mapping[str, str] | None = None,
    *,
    local: Local | None = None,
    said: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Rows of silver.forecasts (without its common columns and explanations): grain day and month, every level and part.

    cost = modeled_cost + scheduled_cost, whole millionths as Decimal. The month that is going on counts what has come of it.
    `said`: the candidates' forecasts where they were made already (a backtest).
    """
    config = trained.config
    panel, parts = panel_of(bill, as_of, config, units), parts_of(bill, as_of, config)
    days = _days(
        panel,
        as_of,
        trained.days,
        config,
        said or said_at(panel, as_of, config, local, list(trained.days.weights.columns)),
    )
    months = _months(panel, as_of, trained.months, config, days.modeled)
    whole = {
        day.to_period("M"): float(total) for day, total in months.modeled["organisation|organisation"].items()
    }
    calendar = pd.date_range(months.modeled.index[0], months.modeled.index[-1] + pd.offsets.MonthEnd(0))
    so_far = charged_so_far(bill, as_of)
    fixed = still_due(scheduled_ahead(schedules(bill, as_of, config), calendar, whole), so_far, as_of)
    made = []
    for grain, ahead, learned in (("day", days, trained.days), ("month", months, trained.months)):
        charges = by_period(pd.concat([so_far, fixed]), ahead.modeled.index, grain)
        rows = rows_of(panel, parts, as_of, ahead, learned, charges, config, units)
        made.append(rows.assign(grain=grain))
    return pd.concat(made, ignore_index=True)


def _days(
    panel: Panel,
    as_of: pd.Timestamp,
    learned: Learned,
    config: Mapping[str, Any],
    said: Mapping[str, pd.DataFrame],
) -> Ahead:
    ids, levels = list(panel.values.columns), list(panel.keys["level"])
    names = list(learned.weights.columns)
    array = np.stack([said[name].reindex(columns=ids).to_numpy() for name in names])
    weight = learned.weight_of(ids, levels)
    rate = panel.values.iloc[-30:].mean().to_numpy()
    modeled = coherent(ensemble.combined(array, weight, rate), panel.keys, config)
    frame = pd.DataFrame(modeled, index=said[names[0]].index, columns=ids)
    method = ensemble.method_of(weight, ~np.isnan(array).all(axis=1), names)
    width = {n: w * size(panel.values).to_numpy() for n, w in learned.width_of(ids, levels).items()}
    return Ahead(frame, width, dict(zip(ids, method, strict=True)), 1.0, np.ones(len(frame)))


def _months(
    panel: Panel, as_of: pd.Timestamp, learned: Learned, config: Mapping[str, Any], daily: pd.DataFrame
) -> Ahead:
    """The first months are sums of the days; of the month that is going on what has come is added, and its interval is
    narrower by the part that is past."""
    ids, levels = list(panel.values.columns), list(panel.keys["level"])
    names = list(learned.weights.columns)
    said = monthly.said_at(panel, as_of, config, expensive_of(panel, config))
    array = np.stack([said[name].reindex(columns=ids).to_numpy() for name in names])
    weight = learned.weight_of(ids, levels)
    rate = panel.values.iloc[-30:].mean().to_numpy() * 30.4
    modeled = coherent(ensemble.combined(array, weight, rate), panel.keys, config)
    first = said[names[0]].index[0]
    going_on = as_of >= first
    sums = month_sums(_from_first(panel.values, daily, first), first - pd.Timedelta(days=1), len(modeled))
    modeled = np.where(np.isnan(sums), modeled, sums)
    past = (as_of - first).days + 1 if going_on else 0
    left = np.ones(len(modeled))
    left[0] = 1.0 - past / first.days_in_month
    scale = size(panel.values).to_numpy() * 30.0
    width = {n: w * scale * left[:, None] for n, w in learned.width_of(ids, levels).items()}
    method = ensemble.method_of(weight, ~np.isnan(array).all(axis=1), names)
    frame = pd.DataFrame(modeled, index=said[names[0]].index, columns=ids)
    return Ahead(frame, width, dict(zip(ids, method, strict=True)), 30.0, left)


def _from_first(values: pd.DataFrame, daily: pd.DataFrame, first: pd.Timestamp) -> np.ndarray:
    """What has come since the first of the month, then the days ahead."""
    return np.concatenate([np.nan_to_num(values.loc[first:].to_numpy(dtype=float)), daily.to_numpy()])
