"""Schedules from hours where they are delivered, else from weekdays against weekends, which the row says."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ml.config import load
from ml.patterns import find
from tests.ml.patterns.bills import AS_OF, LAST, hourly_metric, instance, metric, prices, weekend

CONFIG = load("patterns")


def local(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return index.tz_localize("UTC").tz_convert("America/Sao_Paulo")


def office(index: pd.DatetimeIndex) -> np.ndarray:
    here = local(index)
    working = (here.hour >= 9) & (here.hour < 18) & (here.dayofweek < 5)
    return np.where(working, 45.0, 2.0)


def batch(index: pd.DatetimeIndex) -> np.ndarray:
    here = local(index)
    return np.where((here.hour >= 1) & (here.hour < 4), 80.0, 3.0)


def schedules(found: pd.DataFrame) -> pd.DataFrame:
    return found[found.pattern.isin(["office_hours", "nightly_batch"])]


def test_office_hours_are_told_in_local_time() -> None:
    found = schedules(find(instance(), AS_OF, CONFIG, metrics=hourly_metric("cpu", office)))
    details = json.loads(found.details.item())
    assert found.pattern.item() == "office_hours"
    assert (details["basis"], details["hours"]) == ("hourly_metrics", "09:00-18:00")
    assert details["time_zone"] == "America/Sao_Paulo"


def test_a_nightly_batch_is_told_and_needs_hours() -> None:
    found = schedules(find(instance(), AS_OF, CONFIG, metrics=hourly_metric("cpu", batch)))
    assert found.pattern.item() == "nightly_batch"
    assert json.loads(found.details.item())["hours"] == "01:00-04:00"
    short = instance(hours=lambda i: np.full(len(i), 3.0))
    assert schedules(find(short, AS_OF, CONFIG)).empty, "three hours a day may be any three"


def test_even_use_has_no_schedule() -> None:
    flat = hourly_metric("cpu", lambda i: np.random.default_rng(1).uniform(20, 30, len(i)))
    assert schedules(find(instance(), AS_OF, CONFIG, metrics=flat)).empty


def test_an_hourly_bill_gives_hours_too() -> None:
    stopped = instance(hours=lambda i: np.where(weekend(i), 0.0, 9.0))
    running = stopped[stopped.usage > 0].assign(usage=1.0)
    nine_to_six = range(12, 21)  # UTC, three hours before São Paulo
    hours = [running.assign(hour=running.usage_date + pd.Timedelta(hours=hour)) for hour in nine_to_six]
    found = schedules(find(stopped, AS_OF, CONFIG, hourly=pd.concat(hours).drop(columns="usage_date")))
    assert json.loads(found.details.item())["basis"] == "hourly_bill"
    assert json.loads(found.details.item())["hours"] == "09:00-18:00"
    assert found.suggestion.item() is None, "it is stopped already"


def test_an_export_by_days_is_not_taken_for_hours() -> None:
    given = instance()
    found = find(given, AS_OF, CONFIG, hourly=given.rename(columns={"usage_date": "hour"}))
    assert schedules(found).empty


def test_days_alone_tell_weekends_only_and_say_so() -> None:
    stopped = instance(hours=lambda i: np.where(weekend(i), 0.0, 24.0))
    found = schedules(find(stopped, AS_OF, CONFIG))
    assert json.loads(found.details.item())["basis"] == "daily_bill"
    assert "Only days are known here, not hours." in found.sentence_en.item()
    assert "só se conhecem dias" in found.sentence_pt_br.item()


def suggested(found: pd.DataFrame) -> pd.DataFrame:
    return found[found.suggestion == "off_hours_stop"]


def test_a_dev_instance_unused_off_hours_could_be_stopped() -> None:
    given = instance(price=0.2)
    row = suggested(
        find(given, AS_OF, CONFIG, metrics=hourly_metric("cpu", office), pricing=prices(given))
    ).iloc[0]
    off = 168 - 45
    assert row.monthly_saving == pytest.approx(off * 0.2 * 30.4375 / 7)
    assert row.monthly_saving_lower <= row.monthly_saving <= row.monthly_saving_upper
    evidence = json.loads(row.evidence)
    assert evidence["unused_share"] == 1.0 and evidence["off_hours_per_week"] == off
    assert row.saving_basis == "billed_hours" and "Suggestion: stop it" in row.sentence_en


def test_hours_used_now_and_then_widen_the_interval() -> None:
    def sometimes(index: pd.DatetimeIndex) -> np.ndarray:
        values = office(index)
        values[(local(index).hour == 22) & (index.day == 19)] = 60.0
        return values

    given = instance()
    found = suggested(
        find(given, AS_OF, CONFIG, metrics=hourly_metric("cpu", sometimes), pricing=prices(given))
    )
    assert found.monthly_saving_lower.item() < found.monthly_saving.item() < found.monthly_saving_upper.item()


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"env": "prod"}, "production is left alone"),
        ({"env": ""}, "an unknown environment is no development"),
        ({"env": "device"}, "a word that only begins alike"),
        (
            {"service": "elasticache", "usage_type": "NodeUsage:cache.m5.large"},
            "it can't be stopped and started",
        ),
    ],
)
def test_what_is_not_dev_like_or_cannot_stop_is_not_suggested(keys: dict[str, str], why: str) -> None:
    given = instance(**keys)
    found = find(given, AS_OF, CONFIG, metrics=hourly_metric("cpu", office), pricing=prices(given))
    assert suggested(found).empty, why


def test_without_metrics_nothing_is_assumed() -> None:
    given = instance()
    assert suggested(find(given, AS_OF, CONFIG, pricing=prices(given))).empty


def test_a_quiet_night_with_connections_is_in_use() -> None:
    given = instance(service="rds", usage_type="InstanceUsage:db.m5.large")
    both = pd.concat(
        [hourly_metric("cpu", office), hourly_metric("connections", lambda i: np.full(len(i), 3.0))]
    )
    assert suggested(find(given, AS_OF, CONFIG, metrics=both, pricing=prices(given))).empty


def test_no_saving_where_a_commitment_pays_or_nobody_knows() -> None:
    given, use = instance(), hourly_metric("cpu", office)
    covered = suggested(find(given, AS_OF, CONFIG, metrics=use, pricing=prices(given, "Committed")))
    unknown = suggested(find(given, AS_OF, CONFIG, metrics=use))
    assert covered.saving_basis.item() == "covered" and np.isnan(covered.monthly_saving.item())
    assert unknown.saving_basis.item() == "coverage_not_delivered" and np.isnan(unknown.monthly_saving.item())
    assert "No saving is stated" in unknown.sentence_en.item()


def test_an_average_does_not_mean_unused() -> None:
    given, use = instance(), hourly_metric("cpu", office).assign(maximum=np.nan)
    found = find(given, AS_OF, CONFIG, metrics=use, pricing=prices(given))
    assert len(schedules(found)) == 1 and suggested(found).empty


def test_a_documented_zero_is_no_use() -> None:
    given = instance(service="rds", usage_type="InstanceUsage:db.m5.large")
    none = hourly_metric("connections", lambda i: np.zeros(len(i))).assign(maximum=np.nan)
    both = pd.concat([hourly_metric("cpu", office), none])
    assert len(suggested(find(given, AS_OF, CONFIG, metrics=both, pricing=prices(given)))) == 1


def test_metrics_of_days_suggest_weekends_only() -> None:
    given = instance(price=0.2)
    use = metric("cpu", lambda i: np.where(weekend(i), 2.0, 50.0))
    row = suggested(find(given, AS_OF, CONFIG, metrics=use, pricing=prices(given))).iloc[0]
    assert json.loads(row.evidence)["source"] == "daily_metrics"
    assert row.monthly_saving == pytest.approx(48 * 0.2 * 30.4375 / 7)
    missing = use[use.usage_date != LAST]
    assert suggested(find(given, AS_OF, CONFIG, metrics=missing, pricing=prices(given))).empty, (
        "a weekend day without a point is unknown, not unused"
    )
