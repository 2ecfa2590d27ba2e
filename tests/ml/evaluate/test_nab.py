"""NAB's scorer against cases computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.evaluate import nab

TIMES = pd.date_range("2024-01-01", periods=200, freq="5min")
WINDOWS = ((TIMES[100], TIMES[109]), (TIMES[150], TIMES[159]))


def file(told: list[int], windows=WINDOWS) -> nab.File:
    scores = np.zeros(len(TIMES))
    scores[told] = 1.0
    return nab.File("one", TIMES, scores, windows)


def standard(told: list[int]) -> float:
    part = nab.points([file(told)])
    return nab.scaled(nab.raw_score(part, 0.5, nab.PROFILES[0]), part.windows, nab.PROFILES[0])


def test_a_perfect_detector_gets_100_in_every_profile():
    part = nab.points([file([100, 150])])
    for profile in nab.PROFILES:
        assert nab.scaled(nab.raw_score(part, 0.5, profile), 2, profile) == pytest.approx(100.0)


def test_a_detector_that_says_nothing_gets_0_in_every_profile():
    part = nab.points([file([])])
    for profile in nab.PROFILES:
        assert nab.scaled(nab.raw_score(part, 0.5, profile), 2, profile) == pytest.approx(0.0)


def test_the_sigmoid_is_as_published():
    assert nab.sigmoid(-1.0) == pytest.approx(2 / (1 + math.exp(-5)) - 1)
    assert nab.sigmoid(0.0) == 0.0
    assert nab.sigmoid(3.01) == -1.0


def test_a_later_detection_is_worth_less_and_only_the_first_counts():
    early, late = standard([100, 150]), standard([109, 150])
    by_hand = nab.sigmoid(-0.1) / nab.sigmoid(-1.0)
    assert late == pytest.approx(100 * (by_hand + 1 + 2) / 4)
    assert standard([100, 105, 109, 150]) == pytest.approx(early)


def test_a_false_detection_costs_by_its_distance_from_the_window_before():
    far = 100.0 - standard([50, 100, 150])
    near = 100.0 - standard([100, 112, 150])
    assert far == pytest.approx(100 * 0.11 / 4)
    assert near == pytest.approx(100 * 0.11 * -nab.sigmoid(3 / 9) / 4)
    assert near < far


def test_detections_within_the_probation_do_not_count():
    assert nab.probation(200) == 30
    assert nab.probation(10_000) == 750
    assert standard([3, 29, 100, 150]) == pytest.approx(100.0)
    assert standard([30, 100, 150]) < 100.0


def test_missed_windows_weigh_twice_where_misses_are_dear():
    part = nab.points([file([100])])
    scores = [nab.scaled(nab.raw_score(part, 0.5, profile), 2, profile) for profile in nab.PROFILES]
    assert scores == pytest.approx([50.0, 50.0, 50.0])


def test_without_windows_there_is_no_score():
    part = nab.points([file([60], windows=())])
    assert nab.raw_score(part, 0.5, nab.PROFILES[0]) == pytest.approx(-0.11)
    assert math.isnan(nab.scaled(-0.11, 0, nab.PROFILES[0]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8]), min_size=200, max_size=200))
def test_no_threshold_scores_higher_than_the_chosen_one(scores):
    part = nab.points([nab.File("one", TIMES, np.array(scores), WINDOWS)])
    for profile in nab.PROFILES:
        chosen = nab.raw_score(part, nab.best_threshold(part, profile), profile)
        others = [
            nab.raw_score(part, threshold, profile)
            for threshold in (0.0, 0.2, 0.4, 0.6, 0.8, nab.NO_THRESHOLD)
        ]
        assert chosen == pytest.approx(max(others))


def test_the_table_scores_groups_at_one_threshold():
    files = [file([100, 150]), file([40], windows=WINDOWS[:1])]
    table = nab.table(files, ["a", "b"], fixed=0.5)
    assert table["threshold"].nunique() == 1
    found = table[table["profile"] == "standard"].set_index("group")
    assert found.loc["a", "fixed_score"] == pytest.approx(100.0)
    assert found.loc["all", "fixed_found"] == 2
    assert found.loc["all", "fixed_false"] == 1
