"""The bill of one edition: all its canonical lines, whole and sorted. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from finlake.sample import chance, months
from finlake.sample.charges import adjustment_lines, support_lines, tax_lines
from finlake.sample.discounts import apply_discount, discount_lines, negation_lines, rate_of
from finlake.sample.facts import Organisation
from finlake.sample.fees import fee_lines
from finlake.sample.lines import Line, usage_lines
from finlake.sample.money import money, split_exactly, text, total
from finlake.sample.plan import Edition, payer_of
from finlake.sample.split import split_lines
from finlake.sample.usage import covered, metered

NO_BLENDED = frozenset({"EdpDiscount"})


def lines_of(org: Organisation, edition: Edition) -> list[Line]:
    """Every line of the edition, sorted by product, time and name; the same for the same seed."""
    usage = usage_lines(org, edition, list(covered(org, edition, metered(org, edition))))
    lines = usage + fee_lines(org, edition, usage)
    apply_discount(org, edition, lines)
    lines += negation_lines(org, edition, lines)
    lines += discount_lines(org, edition, lines)
    lines += split_lines(org, edition, usage)
    charges = support_lines(org, edition, lines)
    charges += tax_lines(org, edition, [*lines, *charges]) + adjustment_lines(org, edition)
    apply_discount(org, edition, charges)
    lines += charges
    _blend(lines)
    _envelope(org, edition, lines)
    return sorted(
        lines,
        key=lambda line: (line["line_item_product_code"], line["line_item_usage_start_date"], line["_key"]),
    )


def has_net(org: Organisation, edition: Edition) -> bool:
    """True where the edition delivers net costs: its payer has a discount in the month."""
    return rate_of(org, edition) is not None


def _blend(lines: list[Line]) -> None:
    """Blended cost = unblended; for instances that share a reservation, the pool's average."""
    pools: dict[tuple[datetime, str], list[Line]] = defaultdict(list)
    for line in lines:
        kind = line["line_item_line_item_type"]
        if kind not in NO_BLENDED:
            line["line_item_blended_cost"] = line["line_item_unblended_cost"]
            if "line_item_unblended_rate" in line:
                line["line_item_blended_rate"] = line["line_item_unblended_rate"]
        if kind in ("Usage", "DiscountedUsage") and line.get("line_item_normalization_factor") is not None:
            pools[line["line_item_usage_start_date"], line["line_item_usage_type"]].append(line)
    for pool in pools.values():
        cost = total(line["line_item_unblended_cost"] for line in pool)
        if cost and any(line["line_item_line_item_type"] == "DiscountedUsage" for line in pool):
            amounts = [line["line_item_usage_amount"] for line in pool]
            for line, blended in zip(pool, split_exactly(cost, amounts), strict=True):
                line["line_item_blended_cost"] = blended
                line["line_item_blended_rate"] = text(money(cost / total(amounts)))


def _envelope(org: Organisation, edition: Edition, lines: list[Line]) -> None:
    """Add what every line says about the bill, and its id (re-issued with each delivery)."""
    payer = payer_of(org, edition)
    first, end = months.start(edition.month), months.end(edition.month)
    ids: dict[str, str] = {}
    for line in lines:
        seller = org.services[line["line_item_product_code"]].seller
        key = line["_key"]
        if key not in ids:
            ids[key] = chance.line_id(edition.seed, edition.payer, edition.delivered_at, key)
        line |= {
            "identity_line_item_id": ids[key],
            "bill_bill_type": line.get("bill_bill_type", "Anniversary"),
            "bill_billing_entity": "AWS Marketplace" if seller else "AWS",
            "bill_invoicing_entity": seller or payer.seller,
            "bill_payer_account_id": payer.account,
            "bill_payer_account_name": org.accounts[payer.account].name,
            "bill_billing_period_start_date": first,
            "bill_billing_period_end_date": end,
        }
        if edition.closed:
            line["bill_invoice_id"] = f"{'99' if seller else ''}{payer.invoice}{first:%Y%m%d}"
