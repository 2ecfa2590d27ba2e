"""The laws that a real bill obeys, as checks of one delivery's lines. Each raises AssertionError."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from finlake.sample.formulas import amortized, net_amortized, net_unblended, unblended
from finlake.sample.lines import Line

ZERO = Decimal(0)
TINY = Decimal("1e-10")
DISCOUNTS = ("EdpDiscount",)


def of_type(lines: Iterable[Line], *kinds: str) -> list[Line]:
    return [line for line in lines if line["line_item_line_item_type"] in kinds]


def total(lines: Iterable[Line], column: str) -> Decimal:
    return sum((line.get(column) or ZERO for line in lines), ZERO)


def at_most_ten_places(lines: list[Line]) -> None:
    for line in lines:
        for name, value in line.items():
            if isinstance(value, Decimal) and ("cost" in name or "fee" in name or "commitment" in name):
                assert value == round(value, 10), (name, value)


def net_is_gross_in_total(lines: list[Line]) -> None:
    assert sum(map(net_unblended, lines)) == sum(map(unblended, lines))


def net_is_not_above_gross(lines: list[Line]) -> None:
    for line in lines:
        if unblended(line) >= 0 and line["line_item_line_item_type"] not in DISCOUNTS:
            assert net_unblended(line) <= unblended(line), line["_key"]
    for line in of_type(lines, *DISCOUNTS):
        assert unblended(line) < 0 and net_unblended(line) == 0


def trueup(lines: list[Line]) -> None:
    """sum(amortised) - sum(unblended) = amortised upfront - upfront paid - refunds of Savings Plans."""
    plans = total(lines, "savings_plan_amortized_upfront_commitment_for_billing_period")
    reservations = total(lines, "reservation_amortized_upfront_fee_for_billing_period")
    paid = total(of_type(lines, "SavingsPlanUpfrontFee"), "line_item_unblended_cost")
    paid += sum(unblended(x) for x in of_type(lines, "Fee") if "reservation_reservation_a_r_n" in x)
    refunds = [x for x in of_type(lines, "Refund") if x["line_item_product_code"] == "ComputeSavingsPlans"]
    expected = plans + reservations - paid - total(refunds, "line_item_unblended_cost")
    assert sum(map(amortized, lines)) - sum(map(unblended, lines)) == expected


def negations_cancel(lines: list[Line]) -> None:
    """Slot, plan, account, operation, usage type, zone: covered + negation = 0, net too."""
    names = ("usage_start_date", "usage_account_id", "operation", "usage_type", "availability_zone")
    groups: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in of_type(lines, "SavingsPlanCoveredUsage", "SavingsPlanNegation"):
        key = tuple(line.get(f"line_item_{name}") for name in names)
        groups[(line["savings_plan_savings_plan_a_r_n"], *key)].append(line)
    for group in groups.values():
        assert len(of_type(group, "SavingsPlanNegation")) == 1
        assert sum(map(unblended, group)) == 0
        assert sum(map(net_unblended, group)) == 0


def commitment_is_used_as_said(lines: list[Line]) -> None:
    """Per plan and slot: effective cost of covered lines = used commitment <= commitment."""
    used: dict[tuple[object, ...], Decimal] = defaultdict(lambda: ZERO)
    for line in of_type(lines, "SavingsPlanCoveredUsage"):
        key = (line["savings_plan_savings_plan_a_r_n"], line["line_item_usage_start_date"])
        used[key] += line["savings_plan_savings_plan_effective_cost"]
    fees = of_type(lines, "SavingsPlanRecurringFee")
    for fee in fees:
        key = (fee["savings_plan_savings_plan_a_r_n"], fee["line_item_usage_start_date"])
        assert fee["savings_plan_used_commitment"] == used.pop(key, ZERO)
        assert fee["savings_plan_used_commitment"] <= fee["savings_plan_total_commitment_to_date"]
    assert not used


def reservations_add_up(lines: list[Line]) -> None:
    """Per reservation: effective + unused upfront + unused recurring = amortised upfront + fee; net too."""
    for fee in of_type(lines, "RIFee"):
        arn = fee["reservation_reservation_a_r_n"]
        mine = [x for x in of_type(lines, "DiscountedUsage") if x["reservation_reservation_a_r_n"] == arn]
        for net in ("", "net_") if "line_item_net_unblended_cost" in fee else ("",):
            unused = ("unused_amortized_upfront_fee_for_billing_period", "unused_recurring_fee")
            spread = total(mine, f"reservation_{net}effective_cost")
            spread += sum(fee[f"reservation_{net}{name}"] for name in unused)
            held = fee[f"reservation_{net}amortized_upfront_fee_for_billing_period"]
            assert spread == held + fee[f"line_item_{net}unblended_cost"]
        assert fee["reservation_unused_normalized_unit_quantity"] >= 0


def split_rows_share_the_node(lines: list[Line]) -> None:
    """Split rows cost nothing, and their shares are the node's amortised cost of the slot."""
    rows = [line for line in lines if "split_line_item_parent_resource_id" in line]
    slots: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for row in rows:
        assert unblended(row) == amortized(row) == 0
        slots[row["split_line_item_parent_resource_id"], row["line_item_usage_start_date"]].append(row)
    for (node, start), group in slots.items():
        hosts = [x for x in lines if x.get("line_item_resource_id") == node]
        hosts = [x for x in hosts if x["line_item_usage_start_date"] == start]
        parts = ("split_line_item_split_cost", "split_line_item_unused_cost")
        assert sum(total(group, name) for name in parts) == sum(map(amortized, hosts))
        if "line_item_net_unblended_cost" in hosts[0]:
            parts = ("split_line_item_net_split_cost", "split_line_item_net_unused_cost")
            assert sum(total(group, name) for name in parts) == sum(map(net_amortized, hosts))


def blended_is_unblended_by_pool(lines: list[Line]) -> None:
    pools: dict[str, list[Line]] = defaultdict(list)
    for line in of_type(lines, "Usage", "DiscountedUsage"):
        pools[line["line_item_usage_type"]].append(line)
    for pool in pools.values():
        assert total(pool, "line_item_blended_cost") == sum(map(unblended, pool))


def net_amortized_against_amortized(lines: list[Line]) -> None:
    """sum(net amortised) - sum(amortised) = discount on upfront fees - (gross - net amortised upfront)."""
    if not any("line_item_net_unblended_cost" in line for line in lines):
        assert sum(map(net_amortized, lines)) == sum(map(amortized, lines))
        return
    upfront = of_type(lines, "SavingsPlanUpfrontFee")
    expected = sum(unblended(x) - net_unblended(x) for x in upfront)
    name = "amortized_upfront_commitment_for_billing_period"
    expected -= total(lines, f"savings_plan_{name}") - total(lines, f"savings_plan_net_{name}")
    difference = sum(map(net_amortized, lines)) - sum(map(amortized, lines)) - expected
    assert abs(difference) <= TINY * len(lines)


LAWS = (
    at_most_ten_places,
    net_is_gross_in_total,
    net_is_not_above_gross,
    trueup,
    negations_cancel,
    commitment_is_used_as_said,
    reservations_add_up,
    blended_is_unblended_by_pool,
    net_amortized_against_amortized,
)
