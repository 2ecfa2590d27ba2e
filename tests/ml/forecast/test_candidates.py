"""Each candidate gives what it is called for, and only for histories that are long enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.forecast.candidates import CANDIDATES, forecasts, straight_line

DAYS = pd.date_range("2026-01-01", periods=120, name="ds")
WEEK = np.array([5.0, 5, 5, 5, 5, 2, 2])


def weekly(level: float = 10.0, slope: float = 0.0) -> np.ndarray:
    return level * np.tile(WEEK, 18)[:120] + slope * np.arange(120)


def test_the_seasonal_naive_repeats_the_last_week(config: dict[str, Any]) -> None:
    values = pd.DataFrame({"a": weekly()}, index=DAYS)
    said = forecasts(values, 14, config, expensive=["a"], names=["seasonal_naive"])["seasonal_naive"]["a"]
    assert said.tolist() == (values["a"].iloc[-7:].tolist() * 2)
    assert said.index[0] == DAYS[-1] + pd.Timedelta(days=1)


def test_the_straight_line_is_least_squares_without_outliers(config: dict[str, Any]) -> None:
    values = pd.DataFrame({"a": 50 + 2.0 * np.arange(120)}, index=DAYS)
    values.iloc[-10] = 5000.0
    said = straight_line(values, 3, config)["a"]
    assert said.to_numpy() == pytest.approx(50 + 2.0 * np.array([120, 121, 122]))


def test_the_straight_line_never_goes_below_zero(config: dict[str, Any]) -> None:
    values = pd.DataFrame({"a": 100 - 0.8 * np.arange(120)}, index=DAYS)
    assert (straight_line(values, 200, config) >= 0).all().all()


@pytest.mark.parametrize("name", ["auto_ets", "auto_theta", "mstl", "lightgbm", "seasonal_naive"])
def test_a_candidate_finds_the_week_of_a_clean_series(name: str, config: dict[str, Any]) -> None:
    noise = np.random.default_rng(3).normal(1, 0.01, (120, 4))
    values = pd.DataFrame(weekly()[:, None] * noise * [1, 2, 5, 9], index=DAYS, columns=list("abcd"))
    said = forecasts(values, 14, config, expensive=list("abcd"), names=[name])[name]
    wanted = np.tile(WEEK, 20)[120:134][:, None] * 10 * np.array([1, 2, 5, 9])
    assert np.abs(said.to_numpy() - wanted).sum() / wanted.sum() < 0.08


def test_a_short_history_is_not_asked_and_a_cheap_series_not_of_the_expensive(config: dict[str, Any]) -> None:
    values = pd.DataFrame({"old": weekly(), "young": weekly()}, index=DAYS)
    values.loc[: DAYS[99], "young"] = np.nan
    said = forecasts(values, 7, config, expensive=["young"], names=list(CANDIDATES))
    assert said["auto_theta"]["young"].isna().all()
    assert said["auto_theta"]["old"].notna().all()
    assert said["auto_ets"]["old"].isna().all()
    assert said["seasonal_naive"]["young"].notna().all()


def test_the_same_history_gives_the_same_forecast_to_the_last_bit(config: dict[str, Any]) -> None:
    values = pd.DataFrame({"a": weekly() + 0.1 * np.arange(120)}, index=DAYS)
    names = ["auto_ets", "mstl", "lightgbm"]
    first = forecasts(values, 20, config, expensive=["a"], names=names)
    again = forecasts(values, 20, config, expensive=["a"], names=names)
    for name in names:
        pd.testing.assert_frame_equal(first[name], again[name], check_exact=True)
