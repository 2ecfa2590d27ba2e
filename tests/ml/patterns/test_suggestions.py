"""Suggestions rest on delivered figures: where one is missing, there is no suggestion, or no saving and the reason."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ml.config import load
from ml.patterns import find
from ml.patterns.prices import smaller
from tests.ml.patterns.bills import AS_OF, bill, instance, lines, metric, prices, weekend

CONFIG = load("patterns")


def of(found: pd.DataFrame, suggestion: str) -> pd.DataFrame:
    return found[found.suggestion == suggestion]


def two_sizes() -> pd.DataFrame:
    small = instance(price=0.1, usage_type="BoxUsage:m5.large", resource_id="i-2", env="prod")
    return bill(instance(price=0.2, env="prod"), small)


def test_low_cpu_and_memory_suggest_a_smaller_size_at_the_bills_own_price() -> None:
    given = two_sizes()
    use = pd.concat([metric("cpu", 20.0), metric("memory", 30.0)])
    row = of(find(given, AS_OF, CONFIG, metrics=use, pricing=prices(given)), "right_size").iloc[0]
    assert row.monthly_saving == pytest.approx(0.1 * 24 * 30.4375)
    evidence = json.loads(row.evidence)
    assert (evidence["cpu_peak"], evidence["memory_peak"], evidence["memory_reason"]) == (20.0, 30.0, None)
    assert evidence["smaller_usage_type"] == "BoxUsage:m5.large"


def test_memory_that_was_not_delivered_is_named() -> None:
    given = two_sizes()
    row = of(
        find(given, AS_OF, CONFIG, metrics=metric("cpu", 20.0), pricing=prices(given)), "right_size"
    ).iloc[0]
    assert json.loads(row.evidence)["memory_reason"] == "not_delivered"
    assert "measure memory first" in row.sentence_en


@pytest.mark.parametrize(
    "use",
    [
        None,
        metric("memory", 10.0),
        metric("cpu", 60.0),
        metric("cpu", 20.0).assign(maximum=np.nan),
        pd.concat([metric("cpu", 20.0), metric("memory", 80.0)]),
        metric("cpu", 20.0, count=20),
        metric("cpu", lambda i: np.where(i.day == 10, 90.0, 5.0)),
    ],
    ids=["no metrics", "no cpu", "busy", "averages", "memory full", "too few days", "one busy day"],
)
def test_no_smaller_size_without_four_low_weeks(use: pd.DataFrame | None) -> None:
    given = two_sizes()
    assert of(find(given, AS_OF, CONFIG, metrics=use, pricing=prices(given)), "right_size").empty


def test_no_price_of_the_smaller_size_no_saving() -> None:
    given = instance(env="prod")
    found = of(find(given, AS_OF, CONFIG, metrics=metric("cpu", 5.0), pricing=prices(given)), "right_size")
    assert found.saving_basis.item() == "smaller_size_not_billed" and np.isnan(found.monthly_saving.item())


@pytest.mark.parametrize(
    ("usage_type", "lower"),
    [
        ("SAE1-BoxUsage:m5.2xlarge", "SAE1-BoxUsage:m5.xlarge"),
        ("InstanceUsage:db.r6g.large", "InstanceUsage:db.r6g.medium"),
        ("NodeUsage:cache.t3.small", "NodeUsage:cache.t3.micro"),
        ("BoxUsage:t3.nano", None),
        ("BoxUsage:m5.metal", None),
        ("NatGateway-Hours", None),
    ],
)
def test_the_next_smaller_size(usage_type: str, lower: str | None) -> None:
    assert smaller(usage_type) == lower


def steady(weekend_cost: float = 240.0) -> pd.DataFrame:
    return lines(
        lambda i: np.where(weekend(i), weekend_cost, 240.0), usage_type="BoxUsage:m5.large", unit="Hrs"
    )


def test_steady_compute_gives_a_level_and_no_quote() -> None:
    given = steady()
    row = of(find(given, AS_OF, CONFIG, pricing=prices(given)), "commitment_level").iloc[0]
    assert json.loads(row.evidence)["level_per_hour"] == pytest.approx(10.0)
    assert np.isnan(row.monthly_saving) and row.saving_basis == "no_list_price"
    assert "not a price quote" in row.sentence_en and "não uma cotação" in row.sentence_pt_br


def test_the_bills_own_discount_gives_the_saving() -> None:
    given = steady()
    covered = prices(lines(100.0, usage_type="BoxUsage:m5.large"), "Committed", discount=0.28)
    both = pd.concat([prices(given), covered])
    row = of(find(given, AS_OF, CONFIG, pricing=both), "commitment_level").iloc[0]
    assert row.saving_basis == "own_commitment_discount"
    assert row.monthly_saving == pytest.approx(10 * 24 * 30.4375 * 0.28)
    assert row.monthly_saving_lower <= row.monthly_saving <= row.monthly_saving_upper


def test_coverage_is_never_assumed_and_unsteady_or_other_spend_gets_no_level() -> None:
    given = steady()
    assert of(find(given, AS_OF, CONFIG), "commitment_level").empty
    covered = prices(given, "Committed")
    assert of(find(given, AS_OF, CONFIG, pricing=covered), "commitment_level").empty
    unsteady = steady(weekend_cost=10.0)
    assert of(find(unsteady, AS_OF, CONFIG, pricing=prices(unsteady)), "commitment_level").empty
    storage = lines(240.0, service="s3", usage_type="TimedStorage-ByteHrs")
    assert of(find(storage, AS_OF, CONFIG, pricing=prices(storage)), "commitment_level").empty


def bucket(monthly: float = 0.1, **keys: str) -> pd.DataFrame:
    """A bucket of 10 TB that grows, billed by GB-months."""

    def usage(index: pd.DatetimeIndex) -> np.ndarray:
        return 10_000 * (1 + monthly) ** (np.arange(len(index)) / 30.4375) / index.days_in_month

    named = {
        "service": "s3",
        "usage_type": "TimedStorage-ByteHrs",
        "unit": "GB-Mo",
        "resource_id": "logs",
    } | keys
    return lines(lambda i: usage(i) * 0.023, count=210, usage=usage, **named)


def test_a_growing_bucket_of_unknown_readers_is_to_be_measured_first() -> None:
    row = of(find(bucket(), AS_OF, CONFIG), "storage_lifecycle").iloc[0]
    evidence = json.loads(row.evidence)
    assert evidence["requests_per_month"] is None and evidence["requests_source"] == "not_delivered"
    assert np.isnan(row.monthly_saving) and row.saving_basis == "requests_not_delivered"
    assert "find out who reads" in row.sentence_en
    assert evidence["monthly_growth"] == pytest.approx(0.1, abs=0.005), (
        "months of 28 and 31 days are no growth"
    )


def test_few_requests_and_a_colder_price_on_the_bill_give_a_saving() -> None:
    colder = lines(
        1.25, count=210, usage=100.0, service="s3", usage_type="TimedStorage-SIA-ByteHrs", unit="GB-Mo"
    )
    few = metric("requests", 10.0, count=40, resource_id="logs")
    row = of(find(bill(bucket(), colder), AS_OF, CONFIG, metrics=few), "storage_lifecycle").iloc[0]
    evidence = json.loads(row.evidence)
    assert row.saving_basis == "colder_price_before_fees"
    assert row.monthly_saving == pytest.approx(
        (0.023 - 0.0125) * evidence["stored_gb_30_days_before"], rel=1e-3
    )
    assert row.monthly_saving_lower <= row.monthly_saving <= row.monthly_saving_upper


def test_requests_on_the_bill_count_and_a_read_bucket_is_left_alone() -> None:
    read = lines(
        1.0,
        count=210,
        usage=1e6,
        service="s3",
        usage_type="Requests-Tier2",
        unit="Requests",
        resource_id="logs",
    )
    found = find(bill(bucket(), read), AS_OF, CONFIG)
    assert of(found, "storage_lifecycle").empty
    assert len(found[(found.pattern == "growth") & (found.resource_id == "logs")]) == 1


def test_a_bucket_that_does_not_grow_is_left_alone() -> None:
    assert of(find(bucket(monthly=0.0), AS_OF, CONFIG), "storage_lifecycle").empty


def test_resources_alike_come_together() -> None:
    rng = np.random.default_rng(7)

    def steadily(i: pd.DatetimeIndex) -> np.ndarray:
        return rng.uniform(1, 50) * rng.normal(1, 0.02, len(i))

    def weekdays(i: pd.DatetimeIndex) -> np.ndarray:
        return np.where(weekend(i), 0.0, rng.uniform(1, 50))

    parts = [lines(steadily, resource_id=f"a{n}") for n in range(12)]
    parts += [lines(weekdays, resource_id=f"b{n}") for n in range(8)]
    found = find(bill(*parts), AS_OF, CONFIG)
    found = found[found.pattern == "cluster"]
    members = [set(json.loads(one)["members"]) for one in found.details]
    assert {f"b{n}" for n in range(8)} in members
    assert all(not ({"a", "b"} <= {name[0] for name in one}) for one in members)
    assert found.sentence_en.str.contains("weekdays only").any()


def test_few_resources_make_no_cluster() -> None:
    found = find(bill(*[lines(5.0, resource_id=f"a{n}") for n in range(5)]), AS_OF, CONFIG)
    assert found[found.pattern == "cluster"].empty


def test_every_basis_is_in_the_catalogue_and_no_sentence_has_a_gap() -> None:
    given = bill(two_sizes(), bucket())
    found = find(given, AS_OF, CONFIG, metrics=metric("cpu", 5.0), pricing=prices(given))
    assert len(found) >= 4
    for sentence in [*found.sentence_en, *found.sentence_pt_br]:
        assert "{" not in sentence and "None" not in sentence and "nan" not in sentence
