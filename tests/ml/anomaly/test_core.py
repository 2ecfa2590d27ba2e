"""The filter, its gauge, and the calendar: what is expected of a point, from its past only."""

from __future__ import annotations

import copy
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.anomaly.benign import black_friday
from ml.anomaly.core import fit
from ml.anomaly.detect import detect
from ml.anomaly.gauge import Gauge
from ml.anomaly.points import fixed_threshold, point_scores
from ml.anomaly.seasons import NO_EDGE, edges, grain_of, slots
from ml.config import load
from tests.ml.anomaly.made import START, bill, habit, line, organisation

CONFIG = load("anomaly")
DAYS = 200
TIMES = pd.DatetimeIndex(START + pd.to_timedelta(np.arange(DAYS), "D"))


def series(seed: int = 0, days: int = DAYS, **habits: float) -> np.ndarray:
    return habit(np.random.default_rng(seed), days, **habits)[:, None]


def fitted(values: np.ndarray):
    return fit(values, TIMES[: len(values)], "day", CONFIG)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, DAYS - 1), st.floats(0.0, 50.0))
def test_the_future_changes_nothing_of_the_past(seed, cut, factor):
    values = series(seed, noise=0.1)
    other = values.copy()
    other[cut:] *= factor
    one, two = fitted(values), fitted(other)
    for name in ("expected", "base"):
        np.testing.assert_array_equal(getattr(one, name)[:cut], getattr(two, name)[:cut])
    np.testing.assert_array_equal(one.score[:cut], two.score[:cut])
    np.testing.assert_array_equal(one.expected[: cut + 1], fitted(values[: cut + 1]).expected)


@pytest.mark.parametrize("seed", [0, 1])
def test_alerts_told_early_stay_as_they_are_when_days_come(seed):
    frame, _ = organisation(seed, days=300)
    for cut in (180, 240):
        until = (START + timedelta(days=cut)).date()
        then = detect(frame[frame["usage_date"] <= pd.Timestamp(until)], until, CONFIG)
        later = detect(frame, (START + timedelta(days=299)).date(), CONFIG)
        over = then[~then["is_open"]].set_index("anomaly_id")
        still = later.set_index("anomaly_id").reindex(over.index)
        assert len(over) > 3
        for column in ("started_at", "ended_at", "detected_on", "impact", "kind", "sentence_en"):
            assert over[column].tolist() == still[column].tolist()
        assert (then["detected_on"] <= pd.Timestamp(until)).all()


def test_series_do_not_touch_one_another():
    both = np.concatenate([series(1), series(2)], axis=1)
    np.testing.assert_array_equal(fitted(both).expected[:, :1], fitted(series(1)).expected)


def test_weekdays_are_expected_as_they_are():
    found = fitted(series(0, noise=0.02, weekend=0.3))
    ratio = found.expected[60:, 0] / series(0, noise=0.0, weekend=0.3)[60:, 0]
    assert np.abs(np.log(ratio)).max() < 0.15


def test_a_step_is_remembered_until_the_series_comes_back():
    values = series(0, noise=0.03)
    plain = fitted(values).expected
    values[80:140] *= 2
    found = fitted(values)
    assert found.expected[130, 0] == pytest.approx(2 * plain[130, 0], rel=0.15)
    assert found.base[130, 0] == pytest.approx(plain[130, 0], rel=0.15)
    assert found.expected[145, 0] == pytest.approx(plain[145, 0], rel=0.15)


def test_a_step_that_stays_becomes_ordinary():
    days = 260
    times = pd.DatetimeIndex(START + pd.to_timedelta(np.arange(days), "D"))
    values = series(0, days, noise=0.03)
    values[60:] *= 2
    found = fit(values, times, "day", CONFIG)
    assert found.base[150, 0] < 0.7 * found.expected[150, 0]
    assert found.base[250, 0] == found.expected[250, 0]


def test_one_outlier_hardly_moves_what_is_expected():
    values = series(0, noise=0.03)
    plain = fitted(values).expected
    values[100] *= 50
    assert np.abs(np.log(fitted(values).expected[101:, 0] / plain[101:, 0])).max() < 0.05


def test_young_series_and_gaps_have_no_expectation():
    values = series(0)
    values[50:60] = np.nan
    found = fitted(values)
    assert np.isnan(found.expected[:14]).all()
    assert np.isnan(found.expected[50:60]).all()
    assert np.isfinite(found.expected[60:]).all()


def test_zeros_negatives_and_constants_are_borne():
    values = np.zeros((DAYS, 3))
    values[:, 1] = -5.0
    values[:, 2] = np.where(np.arange(DAYS) % 7 < 5, 10.0, 0.0)
    found = fitted(values)
    assert np.isfinite(found.score[14:]).all()
    assert found.expected[100:, 1] == pytest.approx(-5.0, rel=0.01)


def test_heavy_tails_lower_the_score_of_a_lone_point():
    kind = CONFIG["grains"]["day"]
    calm, wild = Gauge(1, CONFIG["filter"], kind), Gauge(1, CONFIG["filter"], kind)
    for number in range(200):
        calm.follow(np.array([0.1 if number % 2 else -0.1]), np.array([True]))
        wild.follow(np.array([0.8 if number % 20 == 0 else 0.1 * (-1) ** number]), np.array([True]))
    calm.clear(np.array([True]))
    wild.clear(np.array([True]))
    assert wild.score(np.array([0.8]))[0] < 0.8 * calm.score(np.array([0.8]))[0]


def test_slots_begin_on_monday_and_edges_count_from_both_ends():
    times = pd.DatetimeIndex(
        ["2024-01-01", "2024-01-07", "2024-01-30", "2024-01-31", "2024-02-01", "2024-02-15"]
    )
    assert slots(times, "day", [7])[:, 0].tolist() == [0, 6, 1, 2, 3, 3]
    assert edges(times, 2).tolist() == [2, NO_EDGE, 1, 0, 2, NO_EDGE]


@pytest.mark.parametrize(("year", "day"), [(2023, 24), (2024, 29), (2025, 28), (2029, 23)])
def test_black_friday(year, day):
    assert black_friday(year) == date(year, 11, day)


def test_points_by_five_minutes_are_scored_once_per_cause():
    count = 288 * 8
    times = pd.date_range("2024-01-01", periods=count, freq="5min")
    random = np.random.default_rng(0)
    values = 100 + 30 * np.sin(2 * np.pi * np.arange(count) / 288) + 3 * random.standard_normal(count)
    values[2000:2020] *= 2
    told = np.flatnonzero(point_scores(values, times, "five_minutes", CONFIG) >= fixed_threshold(CONFIG))
    assert 1 <= len(told) <= 3
    assert told.min() in range(2000, 2005)


def test_the_configuration_is_only_read():
    before = copy.deepcopy(dict(CONFIG))
    detect(bill([line(series()[:, 0])]), date(2024, 6, 1), CONFIG)
    assert dict(CONFIG) == before


@pytest.mark.parametrize(
    ("step", "grain"), [("1min", "minute"), ("5min", "five_minutes"), ("1h", "hour"), ("1D", "day")]
)
def test_the_grain_is_told_by_the_times(step, grain):
    assert grain_of(pd.date_range("2024-01-01", periods=10, freq=step)) == grain
