"""Who becomes champion, and when the champion must be trained anew."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ml.config import load
from ml.forecast.train import History, Trained
from ml.registry.contest import Standing, decide, standings
from ml.registry.drift import drift
from tests.ml.conftest import AS_OF

RULES = load("registry")


def standing(accuracy: float, coverage: float | None = 0.8, windows: int = 6) -> Standing:
    return Standing("m", accuracy, accuracy, coverage, windows)


NAIVE = standing(0.85, None)


@pytest.mark.parametrize(
    ("challenger", "champion", "promote", "reason"),
    [
        (standing(0.92), standing(0.91), True, "better"),
        (standing(0.92), None, True, "better"),
        (standing(0.91), standing(0.91), False, "not_better_than_champion"),
        (standing(0.84), None, False, "not_better_than_naive"),
        (standing(0.92, 0.6), standing(0.90), False, "coverage_out_of_band"),
        (standing(0.92, 0.95), standing(0.90), False, "coverage_out_of_band"),
        (standing(0.92, None), standing(0.90), False, "coverage_out_of_band"),
        (standing(0.92, 0.95), None, False, "provisional_coverage"),
        (standing(0.92, windows=2), None, False, "provisional"),
        (standing(0.92, windows=2), standing(0.5), False, "too_few_windows"),
        (None, None, False, "provisional"),
        (None, standing(0.5), False, "too_few_windows"),
    ],
)
def test_only_a_better_challenger_in_the_band_is_promoted(
    challenger: Standing | None, champion: Standing | None, promote: bool, reason: str
) -> None:
    made = decide(challenger, champion, NAIVE, RULES["contest"])
    assert (made.promote, made.reason) == (promote, reason)
    assert made.stands_in == reason.startswith("provisional")


@pytest.mark.parametrize(
    ("challenger", "provisional", "reason", "stands_in"),
    [
        (standing(0.92), standing(0.95, 0.95), "better", False),
        (standing(0.92, 0.95), standing(0.91, 0.95), "provisional_coverage", True),
        (standing(0.91, 0.95), standing(0.92, 0.95), "coverage_out_of_band", False),
        (standing(0.84, 0.95), standing(0.80), "not_better_than_naive", False),
    ],
)
def test_what_stands_in_gives_way_to_a_champion_or_to_a_better_one(
    challenger: Standing, provisional: Standing, reason: str, stands_in: bool
) -> None:
    made = decide(challenger, None, NAIVE, RULES["contest"], provisional)
    assert (made.promote, made.reason, made.stands_in) == (reason == "better", reason, stands_in)


def test_the_ensemble_beats_the_naive_on_the_made_bill(
    history: History, trained: Trained, config: dict[str, Any]
) -> None:
    found = standings(history, AS_OF, config, trained, 3)
    assert set(found) == {"challenger", "champion", "seasonal_naive"}
    assert found["challenger"].accuracy > 0.9
    assert found["challenger"].windows == 3
    assert found["seasonal_naive"].coverage is None


def days(error: float, inside: bool, count: int = 28) -> pd.DataFrame:
    return pd.DataFrame(
        {"forecast_cost": 100.0 * (1 + error), "actual_cost": 100.0, "in_80": inside}, index=range(count)
    )


@pytest.mark.parametrize(
    ("accuracy", "new_share", "signs"),
    [
        (days(0.03, True), 0.0, []),
        (days(0.40, True), 0.0, ["error"]),
        (days(0.03, False), 0.0, ["coverage"]),
        (days(0.40, False), 0.0, ["error", "coverage"]),
        (days(0.40, False, count=5), 0.0, []),
        (days(0.03, True), 0.5, ["data"]),
    ],
)
def test_signs_of_drift(accuracy: pd.DataFrame, new_share: float, signs: list[str]) -> None:
    spend = pd.Series({"account_service|old": 1 - new_share, "account_service|new": new_share})
    found = drift(accuracy, spend, frozenset(["account_service|old"]), 0.95, RULES["drift"])
    assert [sign.sign for sign in found] == signs
