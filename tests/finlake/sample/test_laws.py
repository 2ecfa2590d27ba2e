"""The generated bills obey the laws of a real bill, at every delivery and for any seed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finlake.sample import bill, facts
from finlake.sample.lines import Line
from finlake.sample.money import split_exactly, text
from finlake.sample.plan import Request, editions
from tests.finlake.sample.conftest import Bills
from tests.finlake.sample.laws import LAWS, of_type, split_rows_share_the_node


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_every_delivery_obeys(bills: Bills, law: Callable[[list[Line]], None]) -> None:
    for _, lines in bills:
        law(lines)


def test_split_rows_share_out_the_node_of_a_daily_month_and_of_an_hourly_one(bills: Bills) -> None:
    months = [(-3, "closing"), (0, "partial")]
    checked = [
        lines for each, lines in bills if each.payer == "usd-payer" and (each.offset, each.stage) in months
    ]
    for lines in checked:
        assert any("split_line_item_parent_resource_id" in line for line in lines)
        around = [x for x in lines if x["line_item_usage_start_date"].day == 2]
        split_rows_share_the_node(around)


@settings(max_examples=15)
@given(seed=st.integers(0, 10**9), offset=st.integers(-13, -2), number=st.integers(0, 3))
def test_any_seed_and_daily_month_obeys(seed: int, offset: int, number: int) -> None:
    org = facts.load()
    found = [each for each in editions(org, Request(seed, 14, org.end_month)) if each.offset == offset]
    lines = bill.lines_of(org, found[number % len(found)])
    for law in LAWS:
        law(lines)


@settings(max_examples=5)
@given(end=st.dates().map(lambda day: f"{day.year % 50 + 2000}-{day.month:02d}"), offset=st.integers(-11, -2))
def test_any_newest_month_obeys(end: str, offset: int) -> None:
    org = facts.load()
    for each in editions(org, Request(1, 12, end)):
        if each.offset == offset:
            lines = bill.lines_of(org, each)
            for law in LAWS:
                law(lines)


def test_all_kinds_of_line_occur_in_both_payers_bills(bills: Bills) -> None:
    wanted = {"Usage", "DiscountedUsage", "RIFee", "Fee", "Tax", "Credit", "Refund", "EdpDiscount"}
    wanted |= {f"SavingsPlan{kind}" for kind in ("CoveredUsage", "Negation", "RecurringFee", "UpfrontFee")}
    for payer in ("usd-payer", "brl-payer"):
        kinds = {x["line_item_line_item_type"] for each, lines in bills if each.payer == payer for x in lines}
        assert kinds == wanted


def test_all_payment_options_occur_and_commitments_are_partly_unused(bills: Bills) -> None:
    lines = [line for _, found in bills for line in found]
    fees = of_type(lines, "RIFee")
    options = {x["pricing_purchase_option"] for x in fees}
    options_of_plans = {x["savings_plan_payment_option"] for x in of_type(lines, "SavingsPlanRecurringFee")}
    assert options == options_of_plans == {"No Upfront", "Partial Upfront", "All Upfront"}
    assert any(x["reservation_unused_quantity"] > 0 for x in fees)
    plans = of_type(lines, "SavingsPlanRecurringFee")
    assert any(x["savings_plan_used_commitment"] < x["savings_plan_total_commitment_to_date"] for x in plans)


@given(
    st.decimals("-1000", "1000", places=10),
    st.lists(st.decimals("0.0001", "100", places=4), min_size=1, max_size=9),
)
def test_shares_add_up_exactly(amount: Decimal, weights: list[Decimal]) -> None:
    shares = split_exactly(amount, weights)
    assert sum(shares) == amount
    assert len(shares) == len(weights)


@given(st.decimals("-100000000", "100000000", places=10))
def test_numbers_read_back_as_they_were(value: Decimal) -> None:
    assert Decimal(text(value)) == value
    assert "." in text(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0.0"),
        ("12", "12.0"),
        ("100", "100.0"),
        ("0.085", "0.085"),
        ("4E-7", "4.0E-7"),
        ("-0.0001234", "-1.234E-4"),
    ],
)
def test_numbers_are_written_as_aws_writes_them(value: str, shown: str) -> None:
    assert text(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("law", "kind", "column"),
    [
        ("net_is_gross_in_total", "EdpDiscount", "line_item_unblended_cost"),
        ("net_is_not_above_gross", "Usage", "line_item_net_unblended_cost"),
        ("trueup", "SavingsPlanCoveredUsage", "savings_plan_savings_plan_effective_cost"),
        ("negations_cancel", "SavingsPlanNegation", "line_item_unblended_cost"),
        ("commitment_is_used_as_said", "SavingsPlanRecurringFee", "savings_plan_used_commitment"),
        ("reservations_add_up", "RIFee", "reservation_unused_recurring_fee"),
        ("blended_is_unblended_by_pool", "DiscountedUsage", "line_item_blended_cost"),
        ("net_amortized_against_amortized", "RIFee", "reservation_net_unused_recurring_fee"),
    ],
)
def test_a_law_notices_a_wrong_line(bills: Bills, law: str, kind: str, column: str) -> None:
    _, lines = next((each, lines) for each, lines in bills if each.payer == "usd-payer" and each.offset == -2)
    at = next(n for n, line in enumerate(lines) if line["line_item_line_item_type"] == kind)
    wrong = [*lines[:at], lines[at] | {column: lines[at][column] + Decimal("0.01")}, *lines[at + 1 :]]
    check = next(each for each in LAWS if each.__name__ == law)
    with pytest.raises(AssertionError):
        check(wrong)
