"""A forecast as rows: children sum to their parents to the last millionth, bounds hold the cost, the month that goes on is
whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from ml.forecast.explain import explained
from ml.forecast.score import score
from ml.forecast.train import History, Trained, history_of, train
from tests.ml.conftest import AS_OF, made_bill


@pytest.fixture(scope="module")
def rows(bill: pd.DataFrame, trained: Trained) -> pd.DataFrame:
    return score(bill, AS_OF, trained)


@pytest.mark.parametrize("grain", ["day", "month"])
@pytest.mark.parametrize("column", ["cost", "modeled_cost", "scheduled_cost"])
def test_children_sum_to_their_parents_to_the_last_millionth(
    rows: pd.DataFrame, grain: str, column: str
) -> None:
    of_grain = rows[rows["grain"] == grain]
    totals = of_grain.groupby(["period_start", "level"])[column].sum().unstack()
    assert {"organisation", "account", "service", "account_service", "team"} <= set(totals)
    for level in totals:
        assert totals[level].tolist() == totals["organisation"].tolist(), level


def test_an_account_is_the_sum_of_its_services(rows: pd.DataFrame) -> None:
    days = rows[rows["grain"] == "day"]
    parts = days[days["level"] == "account_service"].groupby(["account_id", "period_start"])["cost"].sum()
    whole = days[days["level"] == "account"].set_index(["account_id", "period_start"])["cost"]
    assert parts.to_dict() == whole.to_dict()


def test_bounds_lie_about_the_cost_and_wider_ones_outside(rows: pd.DataFrame) -> None:
    for inner, outer in ((50, 80), (80, 95)):
        assert (rows[f"lower_{outer}"] <= rows[f"lower_{inner}"]).all()
        assert (rows[f"upper_{inner}"] <= rows[f"upper_{outer}"]).all()
    assert (rows["lower_50"] <= rows["cost"]).all()
    assert (rows["cost"] <= rows["upper_50"]).all()
    assert (rows["lower_95"] >= rows["scheduled_cost"]).all()


def test_the_month_that_goes_on_holds_what_came_of_it(rows: pd.DataFrame, bill: pd.DataFrame) -> None:
    top = rows[rows["level"] == "organisation"]
    april = top[(top["grain"] == "month") & (top["horizon"] == 1)].iloc[0]
    came = bill[bill["usage_date"].between("2026-04-01", AS_OF)]["cost"].sum()
    ahead = top[(top["grain"] == "day") & (top["period_start"] <= "2026-04-30")]["cost"].sum()
    assert april["period_start"] == pd.Timestamp("2026-04-01")
    assert float(april["cost"]) == pytest.approx(came + float(ahead), abs=0.001)


def test_months_that_the_days_cover_are_their_sums(rows: pd.DataFrame) -> None:
    top = rows[rows["level"] == "organisation"]
    days = top[(top["grain"] == "day") & top["period_start"].between("2026-05-01", "2026-05-31")]
    may = top[(top["grain"] == "month") & (top["period_start"] == "2026-05-01")]["modeled_cost"].iloc[0]
    assert float(may) == pytest.approx(float(days["modeled_cost"].sum()), abs=0.001)


def test_the_forecast_is_near_what_made_the_bill(rows: pd.DataFrame) -> None:
    """The made bill goes on growing by a thousandth a day: 28 days ahead it must be within five hundredths."""
    later = made_bill(last="2026-05-31", days=239, noise=0.0)
    came = later[
        (later["charge_category"] == "Usage") & later["usage_date"].between("2026-04-21", "2026-05-18")
    ]
    top = rows[(rows["level"] == "organisation") & (rows["grain"] == "day") & (rows["horizon"] <= 28)]
    assert float(top["modeled_cost"].sum()) == pytest.approx(came["cost"].sum(), rel=0.05)


def test_twice_scored_is_the_same_to_the_last_digit(
    rows: pd.DataFrame, bill: pd.DataFrame, trained: Trained
) -> None:
    pd.testing.assert_frame_equal(score(bill, AS_OF, trained), rows, check_exact=True)


def test_a_service_that_training_never_saw_is_forecast_by_its_level(
    bill: pd.DataFrame, trained: Trained
) -> None:
    new = bill[bill["service"] == "rds"].assign(service="sagemaker")
    new = new[new["usage_date"] >= "2026-04-05"]
    rows = score(pd.concat([bill, new]), AS_OF, trained)
    said = rows[(rows["series_id"] == "service=sagemaker") & (rows["grain"] == "day")]
    assert (said["cost"] > Decimal(10)).all()
    assert (said["upper_80"] > said["cost"]).all()


def test_a_bill_of_three_weeks_is_forecast_without_intervals(config: dict[str, Any]) -> None:
    young = made_bill(days=21)
    history = history_of(young, AS_OF, config)
    rows = score(young, AS_OF, train(history, AS_OF, config))
    top = rows[(rows["level"] == "organisation") & (rows["grain"] == "day")]
    assert (top["cost"] > 0).all()
    assert top["lower_80"].isna().all() and top["upper_80"].isna().all()


def test_drivers_sum_to_the_change_and_sentences_are_in_both_languages(
    rows: pd.DataFrame, bill: pd.DataFrame, config: dict[str, Any]
) -> None:
    told = explained(rows, bill, AS_OF, config, "USD")
    months = told[(told["grain"] == "month") & (told["level"] == "organisation")]
    last = bill[bill["usage_date"].dt.to_period("M") == pd.Period("2026-03")]["cost"].sum()
    drivers = months[[c for c in months if c.startswith("driver_")]].astype(float).sum(axis=1)
    assert drivers.to_numpy() == pytest.approx(months["cost"].astype(float).to_numpy() - last, abs=0.02)
    first = months.iloc[0]
    assert first["explanation_en"].startswith("Organisation, 2026-04: ")
    assert first["explanation_pt_br"].startswith("Organização, 2026-04: ")
    assert told.loc[told["grain"] == "day", "explanation_en"].isna().all()


def test_history_holds_parts_that_sum_to_the_bottom(history: History) -> None:
    parts = history.parts.panel
    total = parts.values[parts.at("team")].sum(axis=1)
    pd.testing.assert_series_equal(
        total, history.panel.values["organisation|organisation"], check_names=False
    )
