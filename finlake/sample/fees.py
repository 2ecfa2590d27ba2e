"""What commitments themselves cost: recurring fees with their used and unused part, and upfront fees. Pure.

Rules: savings-plans-columns.html and reservation-columns.html in https://docs.aws.amazon.com/cur/latest/userguide/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from finlake.sample import months
from finlake.sample.facts import Commitment, Organisation
from finlake.sample.lines import (
    Line,
    charge_period,
    new_line,
    plan_columns,
    reservation_columns,
    usage_type,
)
from finlake.sample.money import ZERO, text, total
from finlake.sample.plan import Edition
from finlake.sample.usage import capacity, in_force, term, units


def fee_lines(org: Organisation, edition: Edition, usage: list[Line]) -> list[Line]:
    """All fees of the payer's commitments in this edition; `usage` are its usage lines, covered or not."""
    found: list[Line] = []
    for commitment in org.commitments:
        if commitment.payer != edition.payer:
            continue
        mine = [line for line in usage if line.get("_commitment") is commitment]
        make = _plan_fees if commitment.kind == "savings_plan" else _reservation_fee
        found += make(org, edition, commitment, mine)
        found += _upfront_fee(org, edition, commitment)
    return found


def _plan_fees(org: Organisation, edition: Edition, plan: Commitment, mine: list[Line]) -> Iterator[Line]:
    """One SavingsPlanRecurringFee a slot: commitment, and how much of it the covered lines used."""
    used: dict[datetime, Decimal] = defaultdict(lambda: ZERO)
    for line in mine:
        used[line["line_item_usage_start_date"]] += line["savings_plan_savings_plan_effective_cost"]
    for slot in edition.slots(edition.hourly):
        if not in_force(plan, edition.end_month, slot):
            continue
        line = new_line(
            org, edition, "SavingsPlanRecurringFee", plan.owner, "ComputeSavingsPlans", key=plan.id
        )
        line |= plan_columns(org, edition, plan)
        line |= {
            "_commitment": plan,
            "_discountable": True,
            "line_item_line_item_description": f"{_terms(plan)} (sample)",
            "line_item_usage_type": _plan_usage_type(plan),
            "line_item_usage_amount": Decimal(slot.hours),
            "line_item_unblended_cost": plan.recurring * slot.hours,
            "line_item_unblended_rate": text(plan.recurring),
            "savings_plan_recurring_commitment_for_billing_period": plan.recurring * slot.hours,
            "savings_plan_amortized_upfront_commitment_for_billing_period": plan.upfront * slot.hours,
            "savings_plan_total_commitment_to_date": capacity(org, plan, slot),
            "savings_plan_used_commitment": used[slot.start],
        }
        yield charge_period(line, slot.start, slot.end)


def _reservation_fee(
    org: Organisation, edition: Edition, held: Commitment, mine: list[Line]
) -> Iterator[Line]:
    """One RIFee a reservation and month, to date: fee, amortised upfront, and the unused part of both."""
    hours = sum(slot.hours for slot in edition.slots(True) if in_force(held, edition.end_month, slot))
    if not hours:
        return
    item, code = org.item(held.item), held.item.split("/")[0]
    usage = usage_type(org, item, held.region).split(":")[0].replace("BoxUsage", "HeavyUsage")
    line = new_line(org, edition, "RIFee", held.owner, code, key=held.id)
    line |= reservation_columns(org, edition, held)
    line |= {
        "_commitment": held,
        "_discountable": True,
        "line_item_line_item_description": f"Hourly fee per {item.instance_type} reserved instance (sample)",
        "line_item_operation": item.operation,
        "line_item_usage_type": f"{usage}:{item.instance_type}",
        "line_item_usage_amount": Decimal(hours * held.count),
        "line_item_unblended_cost": held.recurring * units(org, held) * hours,
        "line_item_unblended_rate": text(held.recurring * org.normalised_units(held.item)),
        "pricing_unit": "Hrs",
        "product_servicecode": code,
        "product_region_code": held.region,
    }
    line |= _reserved_and_unused(org, edition, held, mine, hours)
    first = months.start(edition.month)
    yield charge_period(line, first, months.end(edition.month), first + timedelta(days=1))


def _reserved_and_unused(
    org: Organisation, edition: Edition, held: Commitment, mine: list[Line], hours: int
) -> Line:
    """Columns of what a reservation held in the period, and what of it nothing used."""
    begins, ends = term(held, edition.end_month)
    nu, reserved = org.normalised_units(held.item), units(org, held) * hours
    unused = reserved - total(line["line_item_normalized_usage_amount"] for line in mine)
    return {
        "reservation_start_time": f"{begins:%Y-%m-%dT%H:%M:%S}.000Z",
        "reservation_end_time": f"{ends:%Y-%m-%dT%H:%M:%S}.000Z",
        "reservation_modification_status": "Original",
        "reservation_number_of_reservations": str(held.count),
        "reservation_units_per_reservation": str(hours),
        "reservation_total_reserved_units": str(hours * held.count),
        "reservation_normalized_units_per_reservation": text(nu * hours),
        "reservation_total_reserved_normalized_units": text(reserved),
        "reservation_unused_quantity": unused / nu,
        "reservation_unused_normalized_unit_quantity": unused,
        "reservation_upfront_value": _upfront_value(org, edition, held),
        "reservation_amortized_upfront_fee_for_billing_period": held.upfront * reserved,
        "reservation_unused_amortized_upfront_fee_for_billing_period": held.upfront * unused,
        "reservation_unused_recurring_fee": held.recurring * unused,
    }


def _upfront_fee(org: Organisation, edition: Edition, commitment: Commitment) -> Iterator[Line]:
    """The payment at the start of the term, in the month of the purchase."""
    begins, ends = term(commitment, edition.end_month)
    paid = _upfront_value(org, edition, commitment)
    if not paid or not months.start(edition.month) <= begins < edition.until:
        return
    if commitment.kind == "savings_plan":
        line = new_line(
            org, edition, "SavingsPlanUpfrontFee", commitment.owner, "ComputeSavingsPlans", key=commitment.id
        )
        line |= plan_columns(org, edition, commitment)
        line |= {
            "_commitment": commitment,
            "_discountable": True,
            "line_item_usage_type": _plan_usage_type(commitment),
        }
        line["line_item_line_item_description"] = f"Upfront fee, {_terms(commitment)} (sample)"
    else:
        line = new_line(
            org, edition, "Fee", commitment.owner, commitment.item.split("/")[0], key=commitment.id
        )
        line |= reservation_columns(org, edition, commitment)
        number = line["reservation_subscription_id"]
        line |= {
            "product_region_code": commitment.region,
            "reservation_number_of_reservations": str(commitment.count),
        }
        line["line_item_line_item_description"] = f"Sign up charge for subscription: {number} (sample)"
        ends = months.end(edition.month)
    line |= {"bill_bill_type": "Purchase", "line_item_unblended_cost": paid}
    yield charge_period(line, begins, ends, begins + timedelta(days=1))


def _upfront_value(org: Organisation, edition: Edition, commitment: Commitment) -> Decimal:
    begins, ends = term(commitment, edition.end_month)
    hours = (ends - begins) // timedelta(hours=1)
    return commitment.upfront * hours * (units(org, commitment) if commitment.kind == "reservation" else 1)


def _terms(plan: Commitment) -> str:
    return f"{plan.years} year {plan.payment} {plan.offering}"


def _plan_usage_type(plan: Commitment) -> str:
    kind = "EC2InstanceSP" if plan.offering == "EC2InstanceSavingsPlans" else "ComputeSP"
    return f"{kind}:{plan.years}yr{plan.payment.replace(' ', '')}"
