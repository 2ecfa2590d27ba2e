"""Charges of the month beside usage and commitments: support, tax, credits and refunds. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from finlake.sample import months
from finlake.sample.facts import Organisation
from finlake.sample.lines import Line, charge_period, new_line
from finlake.sample.money import ZERO, total
from finlake.sample.plan import Edition, payer_of

CENT = Decimal("0.01")


def support_lines(org: Organisation, edition: Edition, lines: list[Line]) -> list[Line]:
    """The support fee of a closed month: a share of its AWS charges, on the payer's account."""
    if not edition.closed:
        return []
    payer = payer_of(org, edition)
    charged = total(line["line_item_unblended_cost"] for line in lines if not _marketplace(org, line))
    line = new_line(org, edition, "Fee", payer.account, payer.support.code, key="support")
    line |= {
        "line_item_usage_type": "Dollar",
        "line_item_unblended_cost": _cents(charged * payer.support.rate),
    }
    line["line_item_line_item_description"] = f"{payer.support.rate:.0%} of the month's AWS charges (sample)"
    return [_whole_month(edition, line)]


def tax_lines(org: Organisation, edition: Edition, lines: list[Line]) -> list[Line]:
    """Tax of a closed month: a line an account and product, usage type blank, dates that span the month."""
    if not edition.closed:
        return []
    tax = payer_of(org, edition).tax
    charged: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if not _marketplace(org, line):
            charged[line["line_item_usage_account_id"], line["line_item_product_code"]] += line[
                "line_item_unblended_cost"
            ]
    found = []
    for (account, code), cost in sorted(charged.items()):
        due = _cents(cost * tax.rate)
        if due > 0:
            line = new_line(org, edition, "Tax", account, code, key="tax")
            line |= {"line_item_tax_type": tax.type, "line_item_unblended_cost": due}
            line["line_item_line_item_description"] = f"Tax for product code {code} (sample)"
            found.append(_whole_month(edition, line))
    return found


def adjustment_lines(org: Organisation, edition: Edition) -> list[Line]:
    """Credits and refunds that this edition of the month already holds."""
    found = []
    for each in org.adjustments:
        if (each.payer, each.month) == (edition.payer, edition.offset) and edition.reached(each.since):
            line = new_line(org, edition, each.type, each.account, each.code, key=each.id)
            line |= {"line_item_unblended_cost": each.amount, "line_item_line_item_description": each.text}
            if each.type == "Refund":
                line["bill_bill_type"] = "Refund"
            at = months.start(edition.month, each.day)
            found.append(charge_period(line, at, at + timedelta(hours=1)))
    return found


def _whole_month(edition: Edition, line: Line) -> Line:
    first = months.start(edition.month)
    return charge_period(line, first, months.end(edition.month), first + timedelta(days=1))


def _marketplace(org: Organisation, line: Line) -> bool:
    return org.services[line["line_item_product_code"]].seller is not None


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
