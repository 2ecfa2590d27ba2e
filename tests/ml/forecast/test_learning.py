"""Weights and intervals come from windows whose truth had come, and from nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.forecast.ensemble import combined, weights
from ml.forecast.intervals import half_widths
from ml.forecast.windows import Windows, clamped

ORIGINS = list(pd.date_range("2025-07-31", periods=12, freq="15D"))


def windows(good: float = 0.02, bad: float = 0.3, seed: int = 1, series: int = 3) -> Windows:
    rng = np.random.default_rng(seed)
    came = np.full((12, 28, series), 100.0)
    said = np.stack(
        [came * rng.normal(1, good, came.shape), came * rng.normal(1 + bad, bad / 3, came.shape)], axis=1
    )
    return Windows(
        ORIGINS, ["good", "bad"], [f"s{n}" for n in range(series)], said, came, np.full((12, series), 100.0)
    )


def test_the_better_candidate_weighs_more_and_a_bad_one_nothing(config: dict[str, Any]) -> None:
    made = weights(windows(), ["account_service"] * 3, config, [7, 14, 28], 28)
    assert (made[0] > 0).all()
    assert (made[1] == 0).all()


def test_alike_candidates_weigh_alike(config: dict[str, Any]) -> None:
    same = windows(bad=0.0)
    same = Windows(same.origins, same.names, same.ids, same.said[:, [0, 0]], same.came, same.scale)
    made = weights(same, ["account_service"] * 3, config, [28], 28)
    assert made[0] == pytest.approx(made[1])


def test_the_combination_takes_what_was_asked_and_the_fallback_where_nothing_was() -> None:
    said = np.array([[[1.0, np.nan, np.nan]], [[3.0, 5.0, np.nan]]])
    weight = np.array([[[1.0, 1.0, 1.0]], [[1.0, 0.0, 1.0]]])
    assert combined(said, weight, np.array([7.0, 8.0, 9.0])).tolist() == [[2.0, 5.0, 9.0]]


def test_truth_that_had_not_come_is_hidden() -> None:
    whole = windows()
    day = ORIGINS[-1] + pd.Timedelta(days=1)
    known = whole.before(day, 20)
    assert len(known.origins) == 12
    assert np.isnan(known.came[-1, 1:]).all()
    assert not np.isnan(known.came[-1, 0]).any()
    assert not np.isnan(known.came[0]).any()
    assert len(whole.before(ORIGINS[5], 3).origins) == 3


@pytest.mark.parametrize("nominal", [50, 80, 95])
def test_intervals_cover_what_they_promise_on_new_errors(nominal: int, config: dict[str, Any]) -> None:
    rng = np.random.default_rng(5)
    errors = rng.normal(0, 10, (14, 28, 60))
    width = half_widths(errors, np.full((14, 60), 100.0), ["account_service"] * 60, config, [7, 28])
    inside = np.abs(rng.normal(0, 10, (200, 28, 60))) <= width[nominal] * 100.0
    assert inside.mean() == pytest.approx(nominal / 100, abs=0.05)


def test_wider_levels_are_wider_and_later_days_no_narrower(config: dict[str, Any]) -> None:
    rng = np.random.default_rng(6)
    errors = rng.normal(0, 10, (12, 28, 4)) * np.linspace(1, 3, 28)[None, :, None]
    width = half_widths(errors, np.full((12, 4), 100.0), ["a", "a", "b", "b"], config, [7, 14])
    assert (width[50] <= width[80]).all() and (width[80] <= width[95]).all()
    assert (np.diff(width[80], axis=0) >= 0).all()


def test_without_windows_there_is_no_interval(config: dict[str, Any]) -> None:
    width = half_widths(np.empty((0, 5, 2)), np.empty((0, 2)), ["a", "a"], config, [5])
    assert np.isnan(width[80]).all()


def test_an_explosion_is_clamped(config: dict[str, Any]) -> None:
    history = pd.DataFrame({"a": np.full(100, 10.0)})
    said = pd.DataFrame({"a": 10.0 * 1.2 ** np.arange(90)})
    made = clamped(said, history, config)["a"]
    assert made.iloc[0] == 10.0
    assert made.max() <= 10.0 * config["clamp"]["times_at_90_days"] + 1e-9
