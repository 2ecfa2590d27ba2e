"""The weekly grid and the shape of a month are found where they are, and nowhere else."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ml.config import load
from ml.patterns import COLUMNS, find
from tests.ml.patterns.bills import AS_OF, LAST, bill, lines, weekend

CONFIG = load("patterns")


def of(frame: pd.DataFrame, pattern: str, scope: str = "account_service") -> pd.DataFrame:
    return frame[(frame.pattern == pattern) & (frame.scope == scope)]


def test_a_weekday_profile_is_found_with_its_factors() -> None:
    rng = np.random.default_rng(1)
    given = lines(lambda i: np.where(weekend(i), 40.0, 100.0) * rng.normal(1, 0.03, len(i)))
    found = of(find(given, AS_OF, CONFIG), "weekly_grid")
    assert len(found) == 1
    details = json.loads(found.details[found.index[0]])
    assert details["weekend_to_weekday"] == pytest.approx(0.4, abs=0.03)
    assert details["weeks"] == 12 and found.strength.item() > 0.9
    assert found.last_day.item() == LAST and (LAST - found.first_day.item()).days == 83


def test_one_high_day_makes_no_grid() -> None:
    def cost(index: pd.DatetimeIndex) -> np.ndarray:
        values = np.random.default_rng(2).normal(100, 3, len(index))
        values[-20] = 2000
        return values

    assert of(find(lines(cost), AS_OF, CONFIG), "weekly_grid").empty


def test_white_noise_seldom_has_a_grid() -> None:
    rng = np.random.default_rng(3)
    noisy = [lines(lambda i: rng.normal(100, 15, len(i)), service=f"s{n:03d}") for n in range(120)]
    found = of(find(bill(*noisy), AS_OF, CONFIG), "weekly_grid")
    assert len(found) <= 1


def test_the_end_of_a_month_is_told() -> None:
    rng = np.random.default_rng(4)

    def cost(index: pd.DatetimeIndex) -> np.ndarray:
        left = index.days_in_month - index.day
        return np.where(left < 3, 180.0, 100.0) * rng.normal(1, 0.05, len(index))

    found = of(find(lines(cost, count=400), AS_OF, CONFIG), "month_shape")
    details = json.loads(found.details.item())
    assert details["telling"] == ["end"] and details["levels"]["end"] == pytest.approx(1.8, abs=0.1)
    assert "the last three days costs 18" in found.sentence_en.item()
    assert found.last_day.item() == pd.Timestamp("2025-02-28"), "March is not whole yet"


def test_an_even_month_has_no_shape_and_a_weekly_grid_is_none() -> None:
    rng = np.random.default_rng(5)
    given = lines(lambda i: np.where(weekend(i), 30.0, 100.0) * rng.normal(1, 0.05, len(i)), count=400)
    assert of(find(given, AS_OF, CONFIG), "month_shape").empty


def test_fees_and_taxes_are_no_pattern() -> None:
    fee = lines(lambda i: np.where(i.day == 1, 3000.0, 0.0), count=400, charge_category="Purchase")
    assert find(fee, AS_OF, CONFIG).empty


def test_two_currencies_are_never_summed() -> None:
    weekly = lines(lambda i: np.where(weekend(i), 40.0, 100.0))
    other = weekly.assign(currency="BRL", cost=weekly.cost * 5)
    found = find(bill(weekly, other), AS_OF, CONFIG)
    assert set(of(found, "weekly_grid", "organisation").currency) == {"USD", "BRL"}


def test_rows_have_the_columns_and_both_languages_and_stay_the_same() -> None:
    given = lines(lambda i: np.where(weekend(i), 40.0, 100.0), count=140)
    found, again = find(given, AS_OF, CONFIG), find(given.sample(frac=1, random_state=1), AS_OF, CONFIG)
    assert list(found.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(found, again)
    assert found.pattern_id.is_unique
    assert found.sentence_pt_br.str.contains("Ritmo semanal|estável").all()
    week_before = find(given, (LAST - pd.Timedelta(days=7)).date(), CONFIG)
    assert set(week_before.pattern_id) == set(found.pattern_id), "a pattern keeps its name from run to run"


def test_what_came_after_the_day_is_not_looked_at() -> None:
    given = lines(lambda i: np.where(weekend(i), 40.0, 100.0), count=140)
    later = given.assign(cost=given.cost.where(given.usage_date <= LAST - pd.Timedelta(days=28), 9e6))
    day = (LAST - pd.Timedelta(days=28)).date()
    pd.testing.assert_frame_equal(find(given, day, CONFIG), find(later, day, CONFIG))


def test_an_empty_bill_has_no_pattern() -> None:
    found = find(lines(1.0)[:0], AS_OF, CONFIG)
    assert found.empty and list(found.columns) == list(COLUMNS)
