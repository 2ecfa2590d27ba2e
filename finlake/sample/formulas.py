"""Cost measures of a canonical line, for the sample's own totals. Pure.

Written apart from the lake's rules on purpose: truth must not come from the code that is held against it.
Formulas: AWS's Cost and Usage Report data dictionary; the CID framework's amortised view (summary_view.sql).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from finlake.sample.money import ZERO

Line = dict[str, Any]
TWELVE_PLACES = Decimal("0.000000000001")


def unblended(line: Line) -> Decimal:
    """What the line costs on the bill."""
    return Decimal(line["line_item_unblended_cost"])


def net_unblended(line: Line) -> Decimal:
    """Unblended cost after discounts; unblended where the month has no net columns."""
    net = line.get("line_item_net_unblended_cost")
    return unblended(line) if net is None else Decimal(net)


def amortized(line: Line) -> Decimal:
    """Cost with commitments spread over what used them."""
    return _amortized(line, "", unblended(line))


def net_amortized(line: Line) -> Decimal:
    """Amortised cost after discounts; amortised where the month has no net columns."""
    if "line_item_net_unblended_cost" not in line:
        return amortized(line)
    return _amortized(line, "net_", net_unblended(line))


def _amortized(line: Line, net: str, otherwise: Decimal) -> Decimal:
    kind = line["line_item_line_item_type"]
    if kind == "SavingsPlanCoveredUsage":
        return Decimal(line[f"savings_plan_{net}savings_plan_effective_cost"])
    if kind == "SavingsPlanRecurringFee":
        return _unused_commitment(line, net)
    if kind == "DiscountedUsage":
        return Decimal(line[f"reservation_{net}effective_cost"])
    if kind == "RIFee":
        names = ("unused_amortized_upfront_fee_for_billing_period", "unused_recurring_fee")
        return sum((line[f"reservation_{net}{name}"] for name in names), ZERO)
    paid = kind in ("SavingsPlanNegation", "SavingsPlanUpfrontFee") or (
        kind == "Fee" and "reservation_reservation_a_r_n" in line
    )
    refunded = kind == "Refund" and line["line_item_product_code"] == "ComputeSavingsPlans"
    return ZERO if paid or refunded else otherwise


def _unused_commitment(line: Line, net: str) -> Decimal:
    unused: Decimal = line["savings_plan_total_commitment_to_date"] - line["savings_plan_used_commitment"]
    if not net:
        return unused
    names = ("recurring_commitment_for_billing_period", "amortized_upfront_commitment_for_billing_period")
    gross, after = (sum((line[f"savings_plan_{kind}{name}"] for name in names), ZERO) for kind in ("", net))
    return (unused * after / gross).quantize(TWELVE_PLACES, ROUND_HALF_UP)
