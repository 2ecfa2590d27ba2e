"""A backtest scores through the code that scores, lays the truth beside, and measures as it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.backtest.measures import accuracy, coverage, mase, smape
from ml.backtest.run import backtest
from ml.backtest.tables import accuracy_table, coverage_table
from ml.evaluate.nn5 import filled, naive2, table
from ml.forecast.train import History


def test_accuracy_weighs_by_cost() -> None:
    frame = pd.DataFrame({"model": "m", "y": [100.0, 1.0], "y_hat": [90.0, 2.0]})
    made = accuracy(frame, ["model"]).iloc[0]
    assert made["accuracy"] == pytest.approx(1 - 11 / 101)
    assert made["bias"] == pytest.approx(-9 / 101)


def test_coverage_counts_what_lies_inside() -> None:
    frame = pd.DataFrame({"model": "m", "y": [1.0, 5.0, 9.0], "lower_80": 2.0, "upper_80": 9.0})
    assert coverage(frame, ["model"], [80])["covered"].tolist() == [pytest.approx(2 / 3)]


def test_smape_and_mase_by_hand() -> None:
    assert smape(np.array([100.0, 0.0]), np.array([50.0, 0.0])) == pytest.approx((2 * 50 / 150) / 2)
    past = np.array([1.0, 2.0, 3.0, 4.0])
    assert mase(np.array([5.0]), np.array([8.0]), past, 1) == pytest.approx(3.0)


def test_a_backtest_beats_the_baselines_on_the_made_bill(
    bill: pd.DataFrame, history: History, config: dict[str, Any]
) -> None:
    origins = [pd.Timestamp("2026-01-31"), pd.Timestamp("2026-02-28")]
    rows = backtest(bill, history, origins, config)
    assert set(rows["model"]) == {"finlake", "seasonal_naive", "straight_line", "run_rate"}
    table = accuracy_table(rows).set_index(["measure", "level", "model"])["accuracy"]
    assert table["next_month", "organisation", "finlake"] > 0.95
    assert table["daily", "organisation", "finlake"] > table["daily", "organisation", "straight_line"]
    covered = coverage_table(rows[rows["model"] == "finlake"], config)
    assert set(covered["grain"]) == {"day", "month"}
    assert covered["covered"].between(0, 1).all()


def test_what_came_is_the_bills_own_total(
    bill: pd.DataFrame, history: History, config: dict[str, Any]
) -> None:
    rows = backtest(bill, history, [pd.Timestamp("2026-02-28")], config)
    march = rows[
        (rows["grain"] == "month") & (rows["level"] == "organisation") & (rows["model"] == "finlake")
    ]
    came = bill[bill["usage_date"].dt.to_period("M") == pd.Period("2026-03")]["cost"].sum()
    assert march["y"].tolist() == [pytest.approx(came)]


def test_naive2_repeats_the_last_value_with_the_weeks_shape() -> None:
    week = np.array([10.0, 10, 10, 10, 10, 4, 4])
    values = pd.DataFrame(
        {"a": np.tile(week, 20), "b": np.arange(140.0)}, index=pd.date_range("2026-01-05", periods=140)
    )
    made = naive2(values, 7, 7)
    assert made[:, 0] == pytest.approx(week, rel=1e-6)
    assert made[:, 1] == pytest.approx(np.full(7, 139.0))


def test_the_series_of_others_take_the_same_path(config: dict[str, Any]) -> None:
    rng = np.random.default_rng(2)
    week = np.array([14.0, 12, 11, 12, 15, 20, 9])
    values = pd.DataFrame(
        np.tile(week, 43)[:300, None] * rng.normal(1, 0.1, (300, 3)),
        index=pd.date_range("1996-03-18", periods=300),
        columns=["a", "b", "c"],
    )
    values.iloc[50, 0] = np.nan
    assert filled(values).notna().all().all()
    made = table(values, 14, {**config, "windows": {**config["windows"], "most": 5}}).set_index("model")
    assert made.loc["naive2", "owa"] == 1.0
    assert made.loc["finlake", "owa"] < made.loc["seasonal_naive", "owa"]
