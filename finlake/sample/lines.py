"""Canonical bill lines: CUR 2.0 column -> value, money as Decimal; absent columns are null. Pure.

Both writers take these. A key that begins with `_` is for the generator only: `_key` names the line within
its charge period.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from finlake.sample import chance
from finlake.sample.facts import Commitment, Item, Organisation, Service, Workload
from finlake.sample.money import ZERO, money, text
from finlake.sample.plan import Edition, payer_of
from finlake.sample.usage import Piece, price_of, rate, term

Line = dict[str, Any]
DAY_SECONDS = 86_400


def new_line(org: Organisation, edition: Edition, kind: str, account: str, code: str, *, key: str) -> Line:
    """What every line has: type, account, product, seller, currency, cost category; cost 0, usage 1."""
    service = org.services[code]
    owner = org.accounts[account]
    return {
        "_key": f"{key}|{kind}|{account}|{code}",
        "line_item_line_item_type": kind,
        "line_item_usage_account_id": account,
        "line_item_usage_account_name": owner.name,
        "line_item_product_code": code,
        "line_item_legal_entity": service.seller or payer_of(org, edition).seller,
        "line_item_currency_code": payer_of(org, edition).currency,
        "line_item_usage_amount": Decimal(1),
        "line_item_unblended_cost": ZERO,
        "pricing_currency": payer_of(org, edition).currency,
        "pricing_public_on_demand_cost": ZERO,
        "product": {"product_name": service.name},
        "cost_category": {"BusinessUnit": owner.business_unit, "Tier": owner.tier},
    }


def charge_period(line: Line, start: datetime, end: datetime, interval_end: datetime | None = None) -> Line:
    """Set usage dates and time interval (of one slot, where dates span more). Returns the line."""
    line["line_item_usage_start_date"] = start
    line["line_item_usage_end_date"] = end
    line["identity_time_interval"] = f"{start:%Y-%m-%dT%H:%M:%SZ}/{interval_end or end:%Y-%m-%dT%H:%M:%SZ}"
    return line


def usage_lines(org: Organisation, edition: Edition, pieces: list[Piece]) -> list[Line]:
    """One line a piece: Usage, SavingsPlanCoveredUsage or DiscountedUsage, before discounts."""
    templates: dict[tuple[str, str | None], Line] = {}
    found = []
    for piece in pieces:
        name = (piece.workload.id, piece.commitment.id if piece.commitment else None)
        if name not in templates:
            templates[name] = _template(org, edition, piece)
        line = dict(templates[name])
        on_demand = money(line["_rate"] * piece.amount)
        line["line_item_usage_amount"] = piece.amount
        line["line_item_unblended_cost"] = line["pricing_public_on_demand_cost"] = on_demand
        if piece.item.nu is not None:
            line["line_item_normalized_usage_amount"] = piece.amount * piece.item.nu
        if piece.commitment is not None:
            _commit(org, edition, line, piece, piece.commitment)
        found.append(charge_period(line, piece.slot.start, piece.slot.end))
    return found


def commitment_arn(commitment: Commitment, org: Organisation, edition: Edition) -> str:
    """ARN of a Savings Plan or a reservation."""
    name = chance.uuid(edition.seed, "commitment", commitment.id)
    if commitment.kind == "savings_plan":
        return f"arn:aws:savingsplans::{commitment.owner}:savingsplan/{name}"
    code = commitment.item.split("/")[0]
    place = f"{commitment.region}:{commitment.owner}"
    if code == "AmazonEC2":
        return f"arn:aws:ec2:{place}:reserved-instances/{name}"
    kind = {"AmazonRDS": "rds", "AmazonElastiCache": "elasticache"}[code]
    return f"arn:aws:{kind}:{place}:{'ri' if kind == 'rds' else 'reserved-instance'}:sample-{name[:13]}"


def plan_columns(org: Organisation, edition: Edition, commitment: Commitment) -> Line:
    """Columns that say which Savings Plan it is."""
    begins, ends = term(commitment, edition.end_month)
    return {
        "savings_plan_savings_plan_a_r_n": commitment_arn(commitment, org, edition),
        "savings_plan_offering_type": commitment.offering,
        "savings_plan_payment_option": commitment.payment,
        "savings_plan_purchase_term": f"{commitment.years}yr",
        "savings_plan_start_time": f"{begins:%Y-%m-%dT%H:%M:%S}.000Z",
        "savings_plan_end_time": f"{ends:%Y-%m-%dT%H:%M:%S}.000Z",
        "savings_plan_instance_type_family": commitment.family,
        "savings_plan_region": commitment.region or None,
    }


def reservation_columns(org: Organisation, edition: Edition, commitment: Commitment) -> Line:
    """Columns that say which reservation it is."""
    return {
        "reservation_reservation_a_r_n": commitment_arn(commitment, org, edition),
        "reservation_subscription_id": chance.digits(11, edition.seed, "subscription", commitment.id),
        "pricing_lease_contract_length": f"{commitment.years}yr",
        "pricing_offering_class": "standard",
        "pricing_purchase_option": commitment.payment,
        "pricing_term": "Reserved",
    }


def usage_type(org: Organisation, item: Item, region: str) -> str:
    """The item's usage type as it reads in the region."""
    place = org.regions.get(region)
    return item.usage_type.format(
        p=place.prefix if place else "", P=place.new_prefix if place else "", region=region
    )


def resource_id(item: Item, workload: Workload, seed: int) -> str | None:
    """ARN or id of the workload's resource; null where AWS bills none."""
    if item.resource is None:
        return None
    name = workload.name or workload.id
    code = chance.hexadecimal(17, seed, "resource", name)
    return item.resource.format(name=name, hex=code, region=workload.region, account=workload.account)


@cache
def sku(code: str, usage: str) -> str:
    """A made-up SKU, the same in every edition."""
    return chance.hexadecimal(16, "sku", code, usage).upper()


def _template(org: Organisation, edition: Edition, piece: Piece) -> Line:
    """All columns of a workload's usage that are the same in every slot."""
    workload, item = piece.workload, piece.item
    code = workload.use.split("/")[0]
    service = org.services[code]
    price = rate(org, edition, workload, item)
    usage = usage_type(org, item, workload.region)
    kind = {None: "Usage", "savings_plan": "SavingsPlanCoveredUsage", "reservation": "DiscountedUsage"}
    committed = piece.commitment.kind if piece.commitment else None
    line = new_line(org, edition, kind[committed], workload.account, code, key=workload.id)
    line |= {
        "_rate": price,
        "_workload": workload.id,
        "_discountable": service.seller is None,
        "line_item_line_item_description": f"{text(price)} per {item.unit} {usage} (sample)",
        "line_item_usage_type": usage,
        "line_item_operation": item.operation,
        "line_item_resource_id": resource_id(item, workload, edition.seed),
        "line_item_unblended_rate": text(price),
        "line_item_normalization_factor": item.nu,
        "pricing_public_on_demand_rate": text(price),
        "pricing_term": "OnDemand",
        "pricing_unit": item.unit,
        "pricing_rate_code": f"{sku(code, usage)}.JRTCKXETXF.6YS6EN2CT7",
        "pricing_rate_id": chance.digits(11, "rate", code, usage),
        "resource_tags": {f"user_{name}": value for name, value in org.tags[workload.tags].items()},
    }
    if workload.zone:
        line["line_item_availability_zone"] = f"{workload.region}{workload.zone}"
    return line | _product(org, service, code, item, workload, usage)


def _product(
    org: Organisation, service: Service, code: str, item: Item, workload: Workload, usage: str
) -> Line:
    product = {"product_name": service.name}
    line: Line = {
        "product_servicecode": code,
        "product_product_family": item.family,
        "product_operation": item.operation,
        "product_usagetype": usage,
        "product_sku": sku(code, usage),
        "product_instance_type": item.instance_type,
    }
    if item.instance_type:
        line["product_instance_family"] = item.instance_type.rsplit(".", 1)[0]
        product["instance_type"] = item.instance_type
    if workload.region in org.regions:
        product["region"] = line["product_region_code"] = workload.region
        line["product_location"] = org.regions[workload.region].name
        line["product_location_type"] = "AWS Region"
    return line | {"product": product}


def _commit(org: Organisation, edition: Edition, line: Line, piece: Piece, commitment: Commitment) -> None:
    """Add what the commitment says about a covered line."""
    if commitment.kind == "savings_plan":
        line |= plan_columns(org, edition, commitment)
        line["_commitment"] = commitment
        line["savings_plan_savings_plan_rate"] = text(price_of(org, edition, commitment, piece))
        line["savings_plan_savings_plan_effective_cost"] = piece.effective
        return
    normalised = line["line_item_normalized_usage_amount"]
    upfront, recurring = commitment.upfront * normalised, commitment.recurring * normalised
    line |= reservation_columns(org, edition, commitment)
    line["_commitment"] = commitment
    line["line_item_unblended_cost"] = ZERO
    line["line_item_unblended_rate"] = "0.0"
    line["reservation_amortized_upfront_cost_for_usage"] = upfront
    line["reservation_recurring_fee_for_usage"] = recurring
    line["reservation_effective_cost"] = upfront + recurring
