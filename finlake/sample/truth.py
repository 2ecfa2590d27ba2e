"""What is true about the sample: totals of every delivery, and everything that was planted. Pure."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from finlake.sample import formulas, months
from finlake.sample.facts import Anomaly, Organisation
from finlake.sample.lines import Line, commitment_arn, resource_id
from finlake.sample.money import ZERO, money, total
from finlake.sample.plan import Edition, Request, payer_of
from finlake.sample.usage import factor, metered, quantity, rate, term

MEASURES = {
    "unblended_cost": formulas.unblended,
    "net_unblended_cost": formulas.net_unblended,
    "amortized_cost": formulas.amortized,
    "net_amortized_cost": formulas.net_amortized,
}


def totals(lines: list[Line], sizes: list[int]) -> dict[str, Any]:
    """Lines and costs of a delivery that holds the lines once a size, scaled by it; money as exact text."""
    costs = {name: plain(total(map(measure, lines)) * sum(sizes)) for name, measure in MEASURES.items()}
    return {"lines": len(lines) * len(sizes), **costs}


def by_service(lines: list[Line], sizes: list[int]) -> dict[str, dict[str, str]]:
    """Product code -> unblended and amortised cost; money as exact text."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line["line_item_product_code"]].append(line)
    names = ("unblended_cost", "amortized_cost")
    return {
        code: {name: plain(total(map(MEASURES[name], found)) * sum(sizes)) for name in names}
        for code, found in sorted(groups.items())
    }


def planted(org: Organisation, request: Request, newest: list[Edition]) -> dict[str, Any]:
    """Events of the sample; `newest` are the last editions of its months: only those are listed."""
    at = {(each.payer, each.offset): each for each in newest}
    payers = {each.id: org.accounts[each.account].payer for each in org.workloads}
    return {
        "anomalies": [
            _anomaly(org, each, at[payers[each.workload], each.month])
            for each in org.anomalies
            if (payers[each.workload], each.month) in at
        ],
        "restatements": [
            each.model_dump(mode="json") | {"month": at[payers[each.workload], each.month].month}
            for each in org.corrections
            if (payers[each.workload], each.month) in at
        ],
        "credits_and_refunds": [
            each.model_dump(mode="json") | {"month": at[each.payer, each.month].month}
            for each in org.adjustments
            if (each.payer, each.month) in at
        ],
        "idle_resources": _idle(org, at),
        "commitments": [_commitment(org, request, each, newest) for each in org.commitments],
        "workloads_that_start_or_stop": _starts_and_stops(org, request),
    }


def plain(value: Decimal) -> str:
    """Money as text with ten places at most, never in scientific notation."""
    return format(value.normalize(), "f")


def _anomaly(org: Organisation, event: Anomaly, edition: Edition) -> dict[str, Any]:
    """The event, and its exact extra unblended cost in the newest bill of its month."""
    workload = org.workload(event.workload)
    item = org.item(workload.use)
    price = rate(org, edition, workload, item)
    extra = ZERO
    for piece in metered(org, edition):
        day = piece.slot.start.day
        if piece.workload is workload and event.days[0] <= day <= event.days[1]:
            usual = quantity(workload, item, piece.slot, edition) * factor(
                org, workload, edition, day, anomalies=False
            )
            extra += money(price * piece.amount) - money(price * usual)
    payer = payer_of(org, edition)
    return {
        "id": event.id,
        "payer_id": payer.account,
        "account_id": workload.account,
        "product_code": workload.use.split("/")[0],
        "region": workload.region,
        "resource_id": resource_id(item, workload, edition.seed),
        "first_day": f"{months.start(edition.month, event.days[0]):%Y-%m-%d}",
        "last_day": f"{months.start(edition.month, event.days[1]):%Y-%m-%d}",
        "extra_unblended_cost": plain(extra),
        "currency": payer.currency,
        "story": event.story,
    }


def _idle(org: Organisation, at: dict[tuple[str, int], Edition]) -> list[dict[str, Any]]:
    found = []
    for workload in org.workloads:
        payer = org.accounts[workload.account].payer
        edition = at.get((payer, -1)) or at[payer, 0]
        if workload.idle:
            item = org.item(workload.use)
            price = rate(org, edition, workload, item)
            mine = (each for each in metered(org, edition) if each.workload is workload)
            found.append(
                {
                    "account_id": workload.account,
                    "product_code": workload.use.split("/")[0],
                    "region": workload.region,
                    "resource_id": resource_id(item, workload, edition.seed),
                    "reason": workload.idle,
                    "month": edition.month,
                    "unblended_cost": plain(total(money(price * each.amount) for each in mine)),
                    "currency": org.payers[payer].currency,
                }
            )
    return found


def _commitment(
    org: Organisation, request: Request, commitment: Any, newest: list[Edition]
) -> dict[str, Any]:
    edition = next(each for each in newest if each.payer == commitment.payer)
    begins, ends = term(commitment, request.end_month)
    return {
        "id": commitment.id,
        "arn": commitment_arn(commitment, org, edition),
        "payer_id": org.payers[commitment.payer].account,
        "kind": commitment.kind,
        "payment": commitment.payment,
        "start": f"{begins:%Y-%m-%d}",
        "end": f"{ends:%Y-%m-%d}",
        "covers": list(commitment.covers),
    }


def _starts_and_stops(org: Organisation, request: Request) -> list[dict[str, Any]]:
    return [
        {
            "workload": each.id,
            "account_id": each.account,
            "product_code": each.use.split("/")[0],
            "first_month": months.shift(request.end_month, each.start) if each.start is not None else None,
            "last_month": months.shift(request.end_month, each.until) if each.until is not None else None,
        }
        for each in org.workloads
        if each.start is not None or each.until is not None
    ]
