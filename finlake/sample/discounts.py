"""The enterprise discount: net columns, Savings Plan negations, and the discount's own lines. Pure.

Net of a line = gross - discount. A day's discounts of an account and product are one EdpDiscount line, net 0,
so net and gross are equal in total. A payer without the discount in a month has no net values at all.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from finlake.sample import months
from finlake.sample.facts import Commitment, Organisation
from finlake.sample.lines import Line, charge_period, new_line
from finlake.sample.money import ZERO, money, text, total
from finlake.sample.plan import Edition, payer_of
from finlake.sample.usage import term

NET_OF_RESERVATION = (
    (
        "reservation_net_amortized_upfront_cost_for_usage",
        "reservation_amortized_upfront_cost_for_usage",
        "upfront",
    ),
    ("reservation_net_recurring_fee_for_usage", "reservation_recurring_fee_for_usage", "recurring"),
    ("reservation_net_upfront_value", "reservation_upfront_value", "upfront"),
    (
        "reservation_net_amortized_upfront_fee_for_billing_period",
        "reservation_amortized_upfront_fee_for_billing_period",
        "upfront",
    ),
    (
        "reservation_net_unused_amortized_upfront_fee_for_billing_period",
        "reservation_unused_amortized_upfront_fee_for_billing_period",
        "upfront",
    ),
    ("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee", "recurring"),
)


def rate_of(org: Organisation, edition: Edition) -> Decimal | None:
    """The discount of the edition's month; null before it began."""
    discount = payer_of(org, edition).discount
    return discount.rate if edition.offset >= discount.start else None


def apply_discount(org: Organisation, edition: Edition, lines: list[Line]) -> None:
    """Fill the net columns of usage and fees in place; nothing in a month without the discount."""
    rate = rate_of(org, edition)
    if rate is None:
        return
    for line in lines:
        cost = line["line_item_unblended_cost"]
        off = money(cost * rate) if line.get("_discountable") else ZERO
        _set_net(line, off)
        commitment = line.get("_commitment")
        if commitment is not None:
            _net_commitment(org, edition, line, commitment, rate)


def negation_lines(org: Organisation, edition: Edition, lines: list[Line]) -> list[Line]:
    """One SavingsPlanNegation a slot, plan, account, operation, usage type and zone of covered lines."""
    groups: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        if line["line_item_line_item_type"] == "SavingsPlanCoveredUsage":
            names = (
                "usage_start_date",
                "usage_account_id",
                "product_code",
                "operation",
                "usage_type",
                "availability_zone",
            )
            plan = line["savings_plan_savings_plan_a_r_n"]
            groups[(plan, *(line.get(f"line_item_{name}") for name in names))].append(line)
    return [_negation(org, edition, covered) for covered in groups.values()]


def discount_lines(org: Organisation, edition: Edition, lines: list[Line]) -> list[Line]:
    """One EdpDiscount line a day, account and product with a discount."""
    rate = rate_of(org, edition)
    if rate is None:
        return []
    off: dict[tuple[datetime, str, str], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        given = line["discount_total_discount"]
        if given:
            day = line["line_item_usage_start_date"].replace(hour=0)
            off[(day, line["line_item_usage_account_id"], line["line_item_product_code"])] += given
    found = []
    for (day, account, code), amount in sorted(off.items()):
        if not amount:
            continue
        line = new_line(org, edition, "EdpDiscount", account, code, key="discount")
        line |= {"line_item_unblended_cost": amount, "product_servicecode": code}
        line["line_item_line_item_description"] = "Enterprise Program Discount (sample)"
        line |= {"line_item_net_unblended_cost": ZERO, "discount_total_discount": ZERO}
        found.append(charge_period(line, day, day + timedelta(days=1)))
    return found


def _set_net(line: Line, off: Decimal) -> None:
    cost = line["line_item_unblended_cost"]
    line["line_item_net_unblended_cost"] = cost - off
    line["discount_total_discount"] = -off
    line["discount_bundled_discount"] = ZERO
    if off:
        line["discount"] = {"edp_discount": -off}
    if "line_item_unblended_rate" in line:
        line["line_item_net_unblended_rate"] = text(money((cost - off) / line["line_item_usage_amount"]))


def _net_commitment(
    org: Organisation, edition: Edition, line: Line, commitment: Commitment, rate: Decimal
) -> None:
    """Net columns of covered lines and fees; an upfront part paid before the discount began stays gross."""
    begins, _ = term(commitment, edition.end_month)
    bought = months.shift(edition.end_month, payer_of(org, edition).discount.start)
    keep = {"recurring": 1 - rate, "upfront": 1 - rate if begins >= months.start(bought) else Decimal(1)}
    for net, gross, part in NET_OF_RESERVATION:
        if gross in line:
            line[net] = line[gross] * keep[part]
    if "reservation_effective_cost" in line:
        names = ("amortized_upfront_cost_for_usage", "recurring_fee_for_usage")
        line["reservation_net_effective_cost"] = total(line[f"reservation_net_{name}"] for name in names)
    for part, name in (("recurring", "recurring"), ("upfront", "amortized_upfront")):
        gross = f"savings_plan_{name}_commitment_for_billing_period"
        if gross in line:
            line[f"savings_plan_net_{name}_commitment_for_billing_period"] = line[gross] * keep[part]
    if "savings_plan_savings_plan_effective_cost" in line:
        whole = commitment.recurring + commitment.upfront
        net_whole = commitment.recurring * keep["recurring"] + commitment.upfront * keep["upfront"]
        effective = line["savings_plan_savings_plan_effective_cost"]
        line["savings_plan_net_savings_plan_effective_cost"] = money(effective * net_whole / whole)


def _negation(org: Organisation, edition: Edition, covered: list[Line]) -> Line:
    first = covered[0]
    account, code = first["line_item_usage_account_id"], first["line_item_product_code"]
    line = new_line(org, edition, "SavingsPlanNegation", account, code, key=f"{first['_key']}-negation")
    same = (
        "line_item_operation",
        "line_item_usage_type",
        "line_item_availability_zone",
        "line_item_unblended_rate",
    )
    line |= {name: first[name] for name in same if name in first}
    line |= {name: value for name, value in first.items() if name.startswith(("product", "pricing"))}
    plan = "savings_plan_"
    line |= {
        name: value
        for name, value in first.items()
        if name.startswith(plan) and "effective" not in name and not name.endswith("rate")
    }
    line["pricing_public_on_demand_cost"] = ZERO
    line["line_item_line_item_description"] = f"SavingsPlanNegation used by AccountId : {account} (sample)"
    line["line_item_usage_amount"] = total(each["line_item_usage_amount"] for each in covered)
    line["line_item_unblended_cost"] = -total(each["line_item_unblended_cost"] for each in covered)
    if rate_of(org, edition) is not None:
        _set_net(line, total(each["discount_total_discount"] for each in covered))
    return charge_period(line, first["line_item_usage_start_date"], first["line_item_usage_end_date"])
