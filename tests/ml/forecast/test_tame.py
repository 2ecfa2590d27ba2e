"""Spikes are no level, batches of the month come back, and a new level stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.tame import tame

DAYS = pd.date_range("2026-01-01", "2026-04-20")


def series(values: np.ndarray) -> pd.DataFrame:
    noise = np.random.default_rng(1).normal(0, 1, len(DAYS))
    return pd.DataFrame({"a": values + noise}, index=DAYS)


def test_a_spike_leaves_the_history_and_is_not_forecast(config: dict[str, Any]) -> None:
    values = np.full(len(DAYS), 100.0)
    values[60:62] = 500.0
    tamed = tame(series(values), config)
    assert tamed.values["a"].iloc[60:62].max() < 110
    assert (tamed.ahead(pd.date_range("2026-04-21", periods=60)) == 0).all().all()


def test_a_batch_of_each_months_last_day_comes_again(config: dict[str, Any]) -> None:
    values = np.where(DAYS.is_month_end, 400.0, 100.0)
    ahead = tame(series(values), config).ahead(pd.date_range("2026-04-21", periods=45))["a"]
    assert 250 < ahead["2026-04-30"] < 350
    assert 250 < ahead["2026-05-31"] < 350
    assert (ahead.drop(pd.to_datetime(["2026-04-30", "2026-05-31"])) == 0).all()


def test_a_new_level_is_kept_also_while_it_is_three_days_old(config: dict[str, Any]) -> None:
    old = np.full(len(DAYS), 100.0)
    old[50:] = 200.0
    young = np.full(len(DAYS), 100.0)
    young[-3:] = 200.0
    assert tame(series(old), config).values["a"].iloc[50:].min() > 150
    assert tame(series(young), config).values["a"].iloc[-3:].min() > 150
