"""Growth regimes: the rate of the newest piece, its interval, and where the piece begins."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ml.config import load
from ml.patterns import find
from ml.patterns.regimes import WEEKS_PER_MONTH, moves, regimes
from tests.ml.patterns.bills import AS_OF, lines

CONFIG = load("patterns")
RULES = CONFIG["growth"]


def weekly(slopes: list[tuple[int, float]], noise: float, seed: int, echo: float = 0.0) -> np.ndarray:
    """Weeks of log-linear pieces (weeks, slope a week) with first-order autoregressive noise."""
    steps = np.concatenate([np.full(count, slope) for count, slope in slopes])
    shocks = np.random.default_rng(seed).normal(0, noise, len(steps))
    for week in range(1, len(shocks)):
        shocks[week] += echo * shocks[week - 1]
    return np.exp(5 + np.cumsum(steps) + shocks)


def test_a_change_of_growth_is_found() -> None:
    newest = regimes(weekly([(60, 0.0), (40, 0.02)], 0.03, seed=1), RULES)[-1]
    assert abs(newest.start - 60) <= 6 and newest.end == 100
    assert newest.lower <= np.expm1(0.02 * WEEKS_PER_MONTH) <= newest.upper
    assert moves(newest, RULES)


@pytest.mark.parametrize("echo", [0.0, 0.5])
def test_the_interval_covers_and_one_trend_stays_one_piece(echo: float) -> None:
    true = np.expm1(0.01 * WEEKS_PER_MONTH)
    found = [regimes(weekly([(100, 0.01)], 0.05, seed, echo), RULES) for seed in range(60)]
    assert np.mean([len(one) > 1 for one in found]) <= 0.1
    covered = np.mean([one[-1].lower <= true <= one[-1].upper for one in found])
    assert 0.65 <= covered <= 0.95, "an interval of 80 %"


def test_a_spike_is_no_regime() -> None:
    values = weekly([(80, 0.005)], 0.02, seed=3)
    values[50] *= 8
    assert len(regimes(values, RULES)) == 1


def test_a_flat_series_does_not_move_and_a_short_one_says_nothing() -> None:
    assert not moves(regimes(np.full(52, 100.0), RULES)[-1], RULES)
    assert regimes(np.full(15, 100.0), RULES) == []
    assert regimes(np.zeros(52), RULES) == []
    assert regimes(np.r_[np.ones(30), 0.0, np.ones(30)], RULES) == []


def test_weeks_before_a_launch_are_left_out() -> None:
    found = regimes(np.r_[np.zeros(20), weekly([(40, 0.03)], 0.01, seed=4)], RULES)
    assert found[0].start == 20 and found[-1].end == 60


def test_the_row_tells_rate_interval_and_pieces() -> None:
    rng = np.random.default_rng(5)
    rate = np.log(1.05) / 30.4375

    def cost(index) -> np.ndarray:
        return 50 * np.exp(rate * np.arange(len(index))) * rng.normal(1, 0.02, len(index))

    found = find(lines(cost, count=210), AS_OF, CONFIG)
    row = found[(found.pattern == "growth") & (found.scope == "account_service")].iloc[0]
    piece = json.loads(row.details)["regimes"][-1]
    assert piece["lower"] < piece["monthly_growth"] < piece["upper"]
    assert piece["monthly_growth"] == pytest.approx(0.05, abs=0.005)
    assert "has grown by" in row.sentence_en and "cresce" in row.sentence_pt_br
    assert row.suggestion is None
