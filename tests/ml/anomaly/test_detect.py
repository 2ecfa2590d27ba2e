"""What is told, what isn't, and how: on bills made for the test."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.anomaly.detect import detect, newest_trusted_day
from ml.anomaly.rows import COLUMNS
from ml.config import load
from tests.ml.anomaly.made import START, Line, bill, habit, line

CONFIG = load("anomaly")
DAYS = 300
DATES = START + pd.to_timedelta(np.arange(DAYS), "D")


def usual(seed: int = 0, **habits: float) -> np.ndarray:
    return habit(np.random.default_rng(seed), DAYS, **habits)


def last_day(days: int = DAYS) -> date:
    return (START + timedelta(days=days - 1)).date()


def found(lines: list[Line], until: date | None = None, **options) -> pd.DataFrame:
    return detect(bill(lines), until or last_day(), CONFIG, **options)


def quiet_neighbours(count: int = 3) -> list[Line]:
    return [line(usual(seed + 50), "glue", f"{seed}" * 12) for seed in range(2, 2 + count)]


# What is told


@pytest.mark.parametrize(
    ("kind", "days", "factor"),
    [
        ("spike", 1, 4.0),
        ("spike", 3, 3.0),
        ("spike", 2, 2.5),
        ("drop", 4, 0.15),
        ("level_shift", 40, 1.6),
        ("slow_leak", 35, None),
    ],
)
def test_each_kind_is_told_once_with_its_days(kind, days, factor):
    one = line(usual())
    one.scale(180, days, factor if factor else np.linspace(1, 2.2, days))
    alerts = found([one, *quiet_neighbours()])
    assert alerts["kind"].tolist() == [kind]
    alert = alerts.iloc[0]
    assert alert["account_id"] == "111111111111"
    assert alert["service"] == "athena"
    if kind != "slow_leak":
        assert alert["started_at"] == DATES[180]
    assert abs(alert["ended_at"] - DATES[180 + days - 1]) <= pd.Timedelta(days=1)
    assert not alert["is_open"]


def test_the_impact_is_what_the_event_cost():
    one = line(usual(noise=0.02), price=1.0)
    before = one.amounts[180:183].sum()
    one.scale(180, 3, 3.0)
    alert = found([one]).iloc[0]
    assert alert["impact"] == pytest.approx(2 * before, rel=0.1)
    assert alert["actual_cost"] == pytest.approx(3 * before)
    assert alert["impact"] == pytest.approx(alert["actual_cost"] - alert["expected_cost"])
    assert alert["actual_value"] == pytest.approx(3 * before)


def test_one_alert_per_cause_up_and_down_the_hierarchy():
    lines = [line(usual(seed), resource_id=f"r{seed}", team="pay", env="prod", app="a") for seed in range(4)]
    lines[2].scale(200, 2, 8.0)
    alerts = found([*lines, *quiet_neighbours()])
    assert len(alerts) == 1
    assert alerts.iloc[0]["merged_count"] > 3
    assert alerts.iloc[0]["resource_id"] == "r2"
    roots = json.loads(alerts.iloc[0]["root_cause"])
    assert {"dimension": "resource_id", "value": "r2"} in [
        {k: r[k] for k in ("dimension", "value")} for r in roots
    ]
    assert all(0 <= root["share"] <= 1 for root in roots)


def test_services_of_one_product_that_move_together_are_one_cause():
    lines = [
        Line(usual(1), keys=_ec2("data_transfer", "DataTransfer-Out-Bytes")),
        Line(usual(2), keys=_ec2("nat_gateway", "NatGateway-Bytes")),
        line(usual(3), "glue"),
    ]
    for one in lines[:2]:
        one.scale(200, 3, 3.0)
    assert len(found(lines)) == 1


def _ec2(service: str, usage_type: str) -> dict[str, str]:
    keys = {"service": service, "usage_type": usage_type, "unit": "GB", "region": "us-east-1"}
    return {"account_id": "111111111111", **keys}


def test_two_causes_are_two_alerts():
    lines = [line(usual(1)), line(usual(2), "glue", "222222222222")]
    lines[0].scale(150, 2, 4.0)
    lines[1].scale(150, 2, 4.0)
    assert len(found(lines)) == 2


def test_a_fleet_that_doubles_is_told_although_its_resources_are_new():
    fleet = [Line(np.full(DAYS, 24.0), 1.0, _instance(number)) for number in range(3)]
    more = [Line(np.full(3, 24.0), 1.0, _instance(number), first=200) for number in range(10, 16)]
    alerts = found(fleet + more)
    assert alerts["kind"].tolist() == ["spike"]
    assert alerts.iloc[0]["started_at"] == DATES[200]


def test_a_fleet_whose_resources_come_and_go_is_watched_as_one():
    random = np.random.default_rng(3)
    lines = []
    for day in range(DAYS):
        count = (20 if day in (250, 251) else 5) + int(random.integers(0, 2))
        lines += [
            Line(np.full(1, 24.0), 0.5, _instance(day * 100 + number), first=day) for number in range(count)
        ]
    alerts = found(lines)
    assert len(alerts) == 1
    assert alerts.iloc[0]["started_at"] == DATES[250]


def _instance(number: int) -> dict[str, str]:
    keys = {"service": "ec2", "usage_type": "BoxUsage:m5.large", "unit": "Hrs", "region": "us-east-1"}
    return {"account_id": "111111111111", "resource_id": f"i-{number}", **keys}


def test_use_whose_cost_is_covered_is_told_as_usage():
    one = line(usual(), price=np.where(np.arange(DAYS) < 100, 1.0, 0.0))
    one.scale(220, 3, 5.0)
    alerts = found([one])
    assert alerts["measure"].tolist() == ["usage"]
    assert np.isnan(alerts.iloc[0]["impact"])
    assert alerts.iloc[0]["ratio"] == pytest.approx(5.0, rel=0.3)


def test_cost_without_delivered_amounts_is_watched_by_itself():
    one = line(usual(), unit="")
    one.scale(200, 2, 4.0)
    frame = bill([one])
    frame["usage"] = np.nan
    assert detect(frame, last_day(), CONFIG)["kind"].tolist() == ["spike"]


# What isn't


def test_an_ordinary_bill_is_silent():
    lines = [line(usual(seed, growth=0.8, weekend=0.3), account=f"{seed}" * 12) for seed in range(1, 9)]
    assert found(lines).empty


def test_price_steps_and_commitments_are_silent():
    down = line(usual(1), price=np.where(np.arange(DAYS) < 150, 1.0, 0.4))
    up = line(usual(2), "glue", price=np.where(np.arange(DAYS) < 200, 0.4, 1.0))
    assert found([down, up]).empty


def test_fees_tax_credits_and_purchases_are_silent():
    frame = bill([line(usual())])
    extra = frame[frame["usage_date"].isin(DATES[[180, 200]])].copy()
    others = [
        extra.assign(charge_category="Tax", cost=900.0),
        extra.assign(charge_category="Purchase", charge_frequency="One-Time", cost=9000.0),
        extra.assign(charge_frequency="Recurring", cost=700.0),
        extra.assign(charge_category="Credit", cost=-5000.0),
    ]
    assert detect(pd.concat([frame, *others]), last_day(), CONFIG).empty


@pytest.mark.parametrize("factor", [1.5, 3.0, 6.0])
def test_a_batch_at_each_month_end_is_silent(factor):
    one = line(usual())
    one.amounts *= np.where(DATES.day >= DATES.days_in_month - 1, factor, 1.0)
    assert found([one]).empty


def test_a_usage_billed_once_a_month_is_silent():
    one = line(np.where(DATES.day == 1, 1250.0, np.nan), unit="")
    assert found([one, line(usual(), "glue")]).empty


def test_a_planned_launch_is_silent_while_it_starts_and_after():
    ramp = np.minimum(np.arange(DAYS - 150) + 2, 6) / 6 * 400
    launch = line(
        ramp * np.exp(0.04 * np.random.default_rng(1).standard_normal(DAYS - 150)), resource_id="launch-0"
    )
    launch.first = 150
    assert found([line(usual(), resource_id="old"), launch]).empty


def test_resources_that_end_are_silent():
    ended = line(usual(2)[:200], resource_id="old")
    assert found([line(usual(1), resource_id="stays"), ended]).empty


def test_a_sales_week_in_november_is_silent_for_what_demand_drives():
    days = 366
    for service, alerts in (("cloudfront", 0), ("sagemaker", 1)):
        one = line(habit(np.random.default_rng(4), days), service)
        one.scale((pd.Timestamp("2024-11-24") - START).days, 7, 2.0)
        assert len(found([one], last_day(days))) == alerts


def test_what_came_a_year_ago_as_well_is_silent():
    days = 460
    one = line(habit(np.random.default_rng(4), days, growth=0.0))
    one.scale(60, 4, 3.0)
    one.scale(60 + 365, 4, 3.0)
    assert found([one], last_day(days))["started_at"].tolist() == [START + pd.Timedelta(days=60)]


def test_small_money_is_silent():
    one = line(usual(mean=0.5))
    one.scale(200, 2, 5.0)
    assert found([one]).empty


def test_the_return_from_a_long_shift_is_not_told_again():
    one = line(usual())
    one.scale(120, 60, 2.0)
    assert found([one])["kind"].tolist() == ["level_shift"]


# Late days


def test_incomplete_last_days_are_no_drop():
    one = line(usual())
    one.amounts[-2:] *= [0.4, 0.05]
    frame = bill([one])
    trusted = newest_trusted_day(frame, CONFIG)
    assert trusted == last_day() - timedelta(days=2)
    assert detect(frame, trusted, CONFIG).empty


def test_late_days_that_already_exceed_are_told():
    one = line(usual())
    one.amounts[-1] *= 4
    frame = bill([one])
    alerts = detect(frame, newest_trusted_day(frame, CONFIG), CONFIG)
    assert alerts["started_at"].tolist() == [DATES[-1]]
    assert alerts.iloc[0]["is_open"]


# The frame


def test_columns_and_kinds_are_always_the_same():
    empty = found([line(usual())])
    full = found([_with_spike()])
    assert list(empty.columns) == list(full.columns) == list(COLUMNS)
    assert empty.dtypes["started_at"] == full.dtypes["started_at"] == "datetime64[ns]"


def _with_spike(at: int = 200, seed: int = 0) -> Line:
    one = line(usual(seed))
    one.scale(at, 2, 4.0)
    return one


def test_the_same_input_gives_the_same_output():
    lines = [_with_spike(), _with_spike(150, 1)]
    lines[1].keys["account_id"] = "222222222222"
    first = found(lines)
    shuffled = detect(bill(lines).sample(frac=1.0, random_state=1), last_day(), CONFIG)
    pd.testing.assert_frame_equal(first, found(lines))
    pd.testing.assert_frame_equal(first, shuffled)


def test_currencies_are_told_apart():
    lines = [_with_spike(), _with_spike(seed=2)]
    lines[1].keys["currency"] = "BRL"
    assert sorted(found(lines)["currency"]) == ["BRL", "USD"]


def test_sentences_say_place_days_money_and_why():
    alert = found([_with_spike()]).iloc[0]
    english, portuguese = alert["sentence_en"], alert["sentence_pt_br"]
    assert english.startswith(
        "Amazon Athena in account 111111111111, us-east-1: from 19 July to 20 July 2024 the cost was"
    )
    assert "USD above the expected" in english
    assert english.endswith("usage type DataScannedInTB explains 100 % of it.")
    assert portuguese.startswith(
        "Amazon Athena na conta 111111111111, us-east-1: de 19 de julho a 20 de julho de 2024 o custo"
    )
    assert f"{alert['impact']:,.2f} USD" in english


def test_an_hourly_bill_is_watched_by_the_hour():
    hours = 24 * 40
    at = np.arange(hours)
    random = np.random.default_rng(5)
    amounts = 10 * (1 + 0.5 * np.sin(2 * np.pi * at / 24)) * np.exp(0.05 * random.standard_normal(hours))
    amounts[800:806] *= 4
    frame = bill([line(amounts)])
    frame["usage_date"] = START + pd.to_timedelta(at, "h")
    alerts = detect(frame, (START + timedelta(days=39)).date(), CONFIG, grain="hour")
    assert len(alerts) == 1
    assert alerts.iloc[0]["started_at"] == START + pd.Timedelta(hours=800)
    assert alerts.iloc[0]["ended_at"] == START + pd.Timedelta(hours=805)
    assert "08:00 UTC" in alerts.iloc[0]["sentence_en"]


def test_weekends_and_office_hours_of_an_hourly_bill_are_silent():
    at = np.arange(24 * 42)
    random = np.random.default_rng(6)
    working = (at % 24 >= 8) & (at % 24 < 18) & (at // 24 % 7 < 5)
    weekend = np.where(at // 24 % 7 >= 5, 0.3, 1.0)
    lines = [
        line(np.where(working, 20.0, 0.0) * np.exp(0.05 * random.standard_normal(len(at)))),
        line(10 * weekend * np.exp(0.05 * random.standard_normal(len(at))), "glue"),
    ]
    frame = bill(lines)
    frame["usage_date"] = START + pd.to_timedelta(np.tile(at, 2), "h")
    assert detect(frame, (START + timedelta(days=41)).date(), CONFIG, grain="hour").empty


def test_columns_that_miss_are_named():
    with pytest.raises(ValueError, match="columns missing: cost"):
        detect(bill([line(usual())]).drop(columns="cost"), last_day(), CONFIG)
