"""Months ahead: models of a month's mean cost per day, so that a month's length is no trend. Beyond the days' horizon they
count alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.panel import Panel
from ml.forecast.statistical import each_alone
from ml.forecast.tame import tame
from ml.forecast.windows import Windows, size

Model = Callable[[pd.DataFrame, pd.Series, Mapping[str, Any]], np.ndarray]
"""(complete months' means × series, level of the last four weeks, config) -> means of the months ahead × series."""


def run_rate(months: pd.DataFrame, level: pd.Series, config: Mapping[str, Any]) -> np.ndarray:
    """The last four weeks go on."""
    return np.tile(level.to_numpy(), (config["horizon_months"], 1))


def pooled_growth(months: pd.DataFrame, level: pd.Series, config: Mapping[str, Any]) -> np.ndarray:
    """The last four weeks grow by the series' own monthly rate, mixed with that of all series (n / (n + prior) months), ever
    less: a damped trend (Gardner and McKenzie 1985) on the logarithm."""
    rules = config["monthly"]
    last = np.log(months.iloc[-rules["growth_months"] :].clip(lower=1e-9)).to_numpy()
    own, count = _slopes(np.where(months.iloc[-len(last) :].to_numpy() > 0, last, np.nan))
    spend = level.abs().to_numpy()
    known = ~np.isnan(own)
    shared = np.average(own[known], weights=spend[known] + 1e-9) if known.any() else 0.0
    trust = count / (count + rules["prior_months"])
    rate = np.where(known, trust * np.nan_to_num(own) + (1 - trust) * shared, shared)
    rate = np.clip(rate, -rules["most_growth_per_month"], rules["most_growth_per_month"])
    steps = np.cumsum(rules["damping"] ** np.arange(config["horizon_months"]))[:, None]
    return level.to_numpy() * np.exp(rate * steps)


def auto_ets(months: pd.DataFrame, level: pd.Series, config: Mapping[str, Any]) -> np.ndarray:
    """Exponential smoothing with a damped trend (statsforecast)."""
    from statsforecast.models import AutoETS

    return _statistical(AutoETS(season_length=1, model="AAN", damped=True), months, config)


def auto_theta(months: pd.DataFrame, level: pd.Series, config: Mapping[str, Any]) -> np.ndarray:
    """Dynamic optimised Theta (statsforecast)."""
    from statsforecast.models import DynamicOptimizedTheta

    return _statistical(DynamicOptimizedTheta(season_length=1), months, config)


MODELS: Mapping[str, Model] = {
    "run_rate": run_rate,
    "pooled_growth": pooled_growth,
    "auto_ets": auto_ets,
    "auto_theta": auto_theta,
}


def said_at(
    panel: Panel, origin: pd.Timestamp, config: Mapping[str, Any], asked_for: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Each monthly model's totals of the next months, first day of the month × series. `asked_for`: series of the statistical
    models.

    The first month is the one of the day after `origin`, as a whole.
    """
    known = panel.until(origin)
    tamed = tame(known.values, config)
    months = month_means(known.values)
    level = tamed.values.iloc[-28:].mean() + _calendar_per_day(tamed.effects)
    ahead = months_after(origin, config["horizon_months"])
    length = months.notna().sum()
    made = {}
    for name in config["monthly"]["candidates"]:
        ids = length.index[length >= config["monthly"]["least_months"][name]]
        if name in ("auto_ets", "auto_theta"):
            ids = ids.intersection(pd.Index(asked_for), sort=False)
        means = MODELS[name](months[ids], level[ids], config) if len(ids) else np.empty((len(ahead), 0))
        frame = pd.DataFrame(means, index=ahead, columns=ids).reindex(columns=known.values.columns)
        limit = (config["clamp"]["times_at_90_days"] * np.fmax(level.abs(), months.abs().max())).to_numpy()
        frame = frame.clip(lower=-limit, upper=limit, axis=1)
        made[name] = frame.mul(ahead.days_in_month.to_numpy(), axis=0)
    return made


def windows_of(
    panel: Panel, origins: Sequence[pd.Timestamp], config: Mapping[str, Any], asked_for: Sequence[str]
) -> Windows:
    """All monthly models at the ends of former months. Steps are months, money is a month's total."""
    ids, names = list(panel.values.columns), list(config["monthly"]["candidates"])
    totals = month_totals(panel.values)
    said = np.full((len(origins), len(names), config["horizon_months"], len(ids)), np.nan, dtype=np.float32)
    came = np.full((len(origins), config["horizon_months"], len(ids)), np.nan)
    scale = np.full((len(origins), len(ids)), np.nan)
    for number, origin in enumerate(origins):
        made = said_at(panel, origin, config, asked_for)
        said[number] = np.stack([made[name].reindex(columns=ids).to_numpy() for name in names])
        came[number] = totals.reindex(months_after(origin, config["horizon_months"])).to_numpy()
        scale[number] = size(panel.until(origin).values).reindex(ids).to_numpy() * 30.0
    return Windows(list(origins), names, ids, said, came, scale, monthly=True)


def month_origins(first: pd.Timestamp, last: pd.Timestamp, most: int) -> list[pd.Timestamp]:
    """The last days of months before `last`, not before `first`; the newest `most`."""
    days = pd.date_range(first, last - pd.Timedelta(days=1), freq="D")
    return list(days[days.is_month_end])[-most:]


def months_after(origin: pd.Timestamp, count: int) -> pd.DatetimeIndex:
    """First days of the month of the day after `origin` and of those that follow."""
    first = (origin + pd.Timedelta(days=1)).replace(day=1)
    return pd.date_range(first, periods=count, freq="MS", name="ds")


def month_totals(values: pd.DataFrame) -> pd.DataFrame:
    """Totals of the months that are complete in the panel, first day of the month × series; NaN before a series begins."""
    grouped = values.resample("MS")
    totals = grouped.sum(min_count=1)
    whole = grouped.size() == pd.DatetimeIndex(totals.index).days_in_month
    return totals[whole.to_numpy()]


def month_means(values: pd.DataFrame) -> pd.DataFrame:
    """Mean cost per day of complete months; the month in which a series begins only where it begins within its first days."""
    totals = month_totals(values)
    days = values.notna().resample("MS").sum().reindex(totals.index)
    length = pd.DatetimeIndex(totals.index).days_in_month.to_numpy()[:, None]
    return (totals / length).where(days.to_numpy() >= length - 3)


def _calendar_per_day(effects: pd.DataFrame) -> pd.Series:
    """What the days of the month that stand out add to a month, spread over its days."""
    return effects.sum() / 30.4


def _slopes(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Monthly growth of each series as the median of the slopes between all pairs of months (Theil–Sen), and its months."""
    pairs = [
        (logs[later] - logs[earlier]) / (later - earlier)
        for earlier in range(len(logs))
        for later in range(earlier + 1, len(logs))
    ]
    count = (~np.isnan(logs)).sum(axis=0).astype(float)
    if not pairs:
        return np.full(logs.shape[1], np.nan), count
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.nanmedian(np.stack(pairs), axis=0), count


def _statistical(model: Any, months: pd.DataFrame, config: Mapping[str, Any]) -> np.ndarray:
    from statsforecast.models import Naive

    return each_alone(model, Naive(), months, config["horizon_months"], "MS")
