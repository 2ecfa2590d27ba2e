"""The canonical bill line with pandas: the same columns and the same rules as silver.sql."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.peers.rules import DIMENSIONS
from finlake.catalogue import Catalogue
from finlake.service_matching import BillLine, like
from finlake.service_model import UNMAPPED

MONEY = pa.decimal128(28, 12)
UNIT = Decimal("1e-12")
INSTANT = pa.timestamp("us", tz="UTC")
MAP = pa.map_(pa.string(), pa.string())
REGION_OF_ZONE = re.compile("^[a-z]{2}(-[a-z]+)+-[0-9]+")
KIND_OF_ARN = re.compile("^arn:[^:]*:[^:]+:[^:]*:[^:]*:([a-zA-Z0-9-]+)[/:]")
PRICED = ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation")
PURCHASES = ("SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "RIFee", "Fee")
TEXTS = {
    "line_item_id": "identity_line_item_id",
    "payer_id": "bill_payer_account_id",
    "payer_name": "bill_payer_account_name",
    "account_id": "line_item_usage_account_id",
    "account_name": "line_item_usage_account_name",
    "currency": "line_item_currency_code",
    "invoice_id": "bill_invoice_id",
    "invoice_issuer": "bill_invoicing_entity",
    "bill_type": "bill_bill_type",
    "billing_entity": "bill_billing_entity",
    "legal_entity": "line_item_legal_entity",
    "charge_type": "line_item_line_item_type",
    "charge_description": "line_item_line_item_description",
    "product_code": "line_item_product_code",
    "region": "product_region_code",
    "availability_zone": "line_item_availability_zone",
    "usage_type": "line_item_usage_type",
    "operation": "line_item_operation",
    "product_family": "product_product_family",
    "instance_type": "product_instance_type",
    "sku_id": "product_sku",
    "pricing_term": "pricing_term",
    "pricing_unit": "pricing_unit",
    "pricing_currency": "pricing_currency",
    "resource_id": "line_item_resource_id",
    "plan_arn": "savings_plan_savings_plan_a_r_n",
    "reservation_arn": "reservation_reservation_a_r_n",
    "split_parent_resource_id": "split_line_item_parent_resource_id",
}
AMOUNTS = {
    "usage_amount": "line_item_usage_amount",
    "normalized_usage_amount": "line_item_normalized_usage_amount",
    "split_cost": "split_line_item_split_cost",
    "split_unused_cost": "split_line_item_unused_cost",
    "net_split_cost": "split_line_item_net_split_cost",
    "net_split_unused_cost": "split_line_item_net_unused_cost",
}
PLAN_COLUMNS = (
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_recurring_commitment_for_billing_period",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_recurring_commitment_for_billing_period",
)
UNUSED_COLUMNS = (
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
)
Amount = Decimal | None
NONE = Decimal(0)


def silver(raw: pd.DataFrame, source_format: str, catalogue: Catalogue) -> pd.DataFrame:
    """Delivered lines -> canonical lines, one for each. Amounts stay float64: they are chosen here, not computed."""
    found = pd.DataFrame({name: text(raw[column]) for name, column in TEXTS.items()})
    found["export_id"], found["delivery_id"], found["source_format"] = "export", "delivery", source_format
    months = {at: f"{at:%Y-%m}" for at in raw["bill_billing_period_start_date"].unique()}
    found["billing_period"] = raw["bill_billing_period_start_date"].map(months)
    for name in ("start", "end"):
        found[f"charge_period_{name}"] = raw[f"line_item_usage_{name}_date"].dt.tz_localize("UTC")
    found["usage_date"] = found["charge_period_start"]
    found["is_final"] = found["invoice_id"].notna()
    product = [dict(entries) for entries in raw["product"]]
    found["product_code"] = found["product_code"].fillna("(none)")
    found["region"] = (
        found["region"]
        .fillna(pd.Series([each.get("region") for each in product], dtype=object))
        .fillna(by_value(found["availability_zone"], _region))
    )
    _words(found)
    _services(found, pd.Series([each.get("product_name") for each in product], dtype=object), catalogue)
    _resources(found, catalogue)
    _costs(found, raw)
    found["resource_tags"], found["cost_categories"] = raw["resource_tags"], raw["cost_category"]
    maps = {"tag": found["resource_tags"].map(dict), "category": found["cost_categories"].map(dict)}
    for name, places in DIMENSIONS.items():
        found[name] = [
            next((value for kind, key in places if (value := entries[kind].get(key))), None)
            for entries in ({"tag": t, "category": c} for t, c in zip(*maps.values(), strict=True))
        ]
    return found


def text(values: pd.Series) -> pd.Series:
    """Without blanks around it; nothing is null."""
    return values.str.strip().replace("", None) if values.notna().any() else values


def by_value(values: pd.Series, function: Any) -> pd.Series:
    """The function of each distinct value, put back."""
    return values.map({value: function(value) for value in values.dropna().unique()})


def _region(zone: str) -> str | None:
    found = REGION_OF_ZONE.match(zone)
    return found.group(0) if found else None


def _words(found: pd.DataFrame) -> None:
    """FOCUS's words, by the line item type."""
    kind = found["charge_type"]
    usage = kind.isin((*PRICED, "Refund"))
    choices = [(usage, "Usage"), (kind.isin(PURCHASES), "Purchase"), (kind.isin(("Tax", "Credit")), kind)]
    found["charge_category"] = _chosen(choices, "Adjustment")
    found["charge_class"] = _chosen([(kind == "Refund", "Correction")], None)
    once = kind.isin(("SavingsPlanUpfrontFee", "Fee", "Credit"))
    often = kind.isin(("SavingsPlanRecurringFee", "RIFee"))
    found["charge_frequency"] = _chosen([(often, "Recurring"), (once, "One-Time")], "Usage-Based")
    plan, reservation = found["plan_arn"].notna(), found["reservation_arn"].notna()
    spot = found["usage_type"].str.contains("SpotUsage", regex=False, na=False) | (
        found["pricing_term"] == "Spot"
    )
    priced = [(~kind.isin(PRICED), None), (plan | reservation, "Committed"), (spot, "Dynamic")]
    found["pricing_category"] = _chosen(priced, "Standard")
    found["commitment_id"] = found["plan_arn"].fillna(found["reservation_arn"])
    found["commitment_type"] = _chosen([(plan, "Savings Plan"), (reservation, "Reserved Instance")], None)
    found["commitment_category"] = _chosen([(plan, "Spend"), (reservation, "Usage")], None)


def _chosen(choices: list[tuple[Any, Any]], otherwise: Any) -> np.ndarray:
    """CASE: the value of the first condition that holds."""
    return np.select([holds for holds, _ in choices], [np.array(v, object) for _, v in choices], otherwise)


def _services(found: pd.DataFrame, product_name: pd.Series, catalogue: Catalogue) -> None:
    """The catalogue's service of each distinct (product code, usage type, operation, billing entity), put back."""
    columns = ["product_code", "usage_type", "operation", "billing_entity"]
    kinds = found[columns].drop_duplicates()
    lines = [BillLine(**{k: v for k, v in row.items() if pd.notna(v)}) for row in kinds.to_dict("records")]
    keys = [catalogue.service_of(line) for line in lines]
    services = [catalogue.services.get(key) for key in keys]
    kinds = kinds.assign(
        service=keys,
        title=[each.title if each else None for each in services],
        category=[each.category.value if each else "Other" for each in services],
    )
    merged = found[columns].merge(kinds, on=columns, how="left")
    found["service"], found["service_category"] = merged["service"], merged["category"]
    found["service_name"] = merged["title"].fillna(product_name).fillna(found["product_code"])
    assert UNMAPPED not in catalogue.services


def _resources(found: pd.DataFrame, catalogue: Catalogue) -> None:
    """ARN, name and type of each distinct (resource, service), put back."""
    rules = catalogue.resource_rules()

    def kind(resource: str, service: str) -> str | None:
        for rule in rules:
            if (not rule.own_lines_only or rule.service == service) and like(resource, rule.like):
                return rule.resource_type
        if not resource.startswith("arn:"):
            return None
        said = KIND_OF_ARN.match(resource)
        return ":".join([resource.split(":")[2], *([said.group(1)] if said else [])])

    columns = ["resource_id", "service"]
    pairs = found[columns].dropna().drop_duplicates()
    pairs["resource_type"] = [kind(*pair) for pair in pairs.itertuples(index=False)]
    pairs["resource_arn"] = [r if r.startswith("arn:") else None for r in pairs["resource_id"]]
    pairs["resource_name"] = [re.split("[/:]", r)[-1] or None for r in pairs["resource_id"]]
    merged = found[columns].merge(pairs, on=columns, how="left")
    for name in ("resource_type", "resource_arn", "resource_name"):
        found[name] = merged[name]


def _costs(found: pd.DataFrame, raw: pd.DataFrame) -> None:
    """The money rule. Where amounts are added or multiplied it is done in decimals: fee lines only, of which there are few."""
    kind, unblended = found["charge_type"], raw["line_item_unblended_cost"]
    net = raw["line_item_net_unblended_cost"].fillna(unblended)
    plan, reserved = kind == "SavingsPlanCoveredUsage", kind == "DiscountedUsage"
    plan_cost, reservation_cost = (
        raw["savings_plan_savings_plan_effective_cost"],
        raw["reservation_effective_cost"],
    )
    net_plan = raw["savings_plan_net_savings_plan_effective_cost"].fillna(plan_cost)
    net_reserved = raw["reservation_net_effective_cost"].fillna(reservation_cost)
    fees = _fees(raw, kind)
    product_code = found["product_code"] == "ComputeSavingsPlans"
    zero = (
        kind.isin(("SavingsPlanNegation", "SavingsPlanUpfrontFee"))
        | ((kind == "Fee") & found["reservation_arn"].notna())
        | ((kind == "Refund") & product_code)
    )
    found["unblended_cost"], found["net_unblended_cost"] = unblended, net
    found["blended_cost"] = raw["line_item_blended_cost"].fillna(0)
    found["amortized_cost"] = (
        unblended.mask(plan, plan_cost.fillna(unblended))
        .mask(reserved, reservation_cost.fillna(unblended))
        .mask(fees["gross"].notna(), fees["gross"])
        .mask(zero, 0)
    )
    found["net_amortized_cost"] = (
        net.mask(plan, net_plan.fillna(net))
        .mask(reserved, net_reserved.fillna(net))
        .mask(fees["net"].notna(), fees["net"])
        .mask(zero, 0)
    )
    offsets = (kind == "SavingsPlanNegation") | kind.str.endswith("Discount")
    public = kind.isin(("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"))
    found["list_cost"] = unblended.mask(public, raw["pricing_public_on_demand_cost"]).mask(offsets, 0)
    found["contracted_cost"] = net.mask(offsets, 0).mask(reserved, np.nan)
    used = _chosen([(plan | reserved, "Used"), (fees["gross"].fillna(0) != 0, "Unused")], None)
    found["commitment_status"] = used
    delivered = raw["line_item_net_unblended_cost"].notna()
    found["net_cost_basis"] = _chosen(
        [(fees["inferred"], "inferred"), (delivered, "delivered")], "equals_gross"
    )
    found["gross_cost_basis"] = "delivered"
    for name, column in AMOUNTS.items():
        found[name] = raw[column]
    shares = found["split_cost"].notna() | found["split_unused_cost"].notna()
    found["is_split_line"] = found["split_parent_resource_id"].notna() & shares & (unblended == 0)


def _fees(raw: pd.DataFrame, kind: pd.Series) -> pd.DataFrame:
    """What fee lines leave unused, gross and net; null on all other lines. `inferred`: net by the plan's own net share."""
    found = pd.DataFrame({"gross": np.nan, "net": np.nan, "inferred": False}, index=raw.index)
    plans, reservations = kind == "SavingsPlanRecurringFee", kind == "RIFee"
    for lines, columns, rule in (
        (plans, PLAN_COLUMNS, _plan_fee),
        (reservations, UNUSED_COLUMNS, _unused_fee),
    ):
        values = [map(_decimal, raw.loc[lines, column].tolist()) for column in columns]
        with localcontext(prec=60):
            fees = [rule(*amounts) for amounts in zip(*values, strict=True)]
        for place, name in enumerate(found.columns):
            found.loc[lines, name] = [fee[place] for fee in fees]
    return found


def _plan_fee(commitment: Amount, used: Amount, *shares: Amount) -> tuple[float, float, bool]:
    unused = (commitment or NONE) - (used or NONE)
    upfront, recurring, net_upfront, net_recurring = shares
    inferred = net_upfront is not None or net_recurring is not None
    whole, net = (upfront or NONE) + (recurring or NONE), (net_upfront or NONE) + (net_recurring or NONE)
    shared = (unused * net / whole).quantize(UNIT, ROUND_HALF_UP) if inferred and whole else unused
    return float(unused), float(shared), inferred


def _unused_fee(
    upfront: Amount, recurring: Amount, net_upfront: Amount, net_recurring: Amount
) -> tuple[float, float, bool]:
    gross = (upfront or NONE) + (recurring or NONE)
    has_net = net_upfront is not None or net_recurring is not None
    return float(gross), float((net_upfront or NONE) + (net_recurring or NONE) if has_net else gross), False


def _decimal(amount: float) -> Amount:
    return Decimal(repr(amount)) if amount == amount else None


def table_of(lines: pd.DataFrame, columns: list[str]) -> pa.Table:
    """Arrow with silver's types; amounts as decimal(28,12)."""
    return pa.table({name: _array(lines[name]) for name in columns})


def _array(values: pd.Series) -> pa.Array:
    if pd.api.types.is_float_dtype(values):
        return decimals(values)
    if values.name == "usage_date":
        return pa.array(values).cast(pa.timestamp("us", tz="UTC")).cast(pa.date32())
    if pd.api.types.is_datetime64_any_dtype(values):
        return pa.array(values).cast(INSTANT)
    if values.name in ("resource_tags", "cost_categories"):
        return pa.array(values, MAP)
    return pa.array(
        values, pa.bool_() if pd.api.types.is_bool_dtype(values) else pa.string(), from_pandas=True
    )


def decimals(amounts: pd.Series) -> pa.Array:
    """float64 -> decimal(28,12). Arrow's cast is off in the last places of large amounts: those go through their text."""
    values = amounts.to_numpy(float)
    large = np.abs(values) >= 1000
    found = pa.array(np.where(large, 0.0, values), from_pandas=True).cast(MONEY)
    if large.any():
        exact = [Decimal(repr(float(v))).quantize(UNIT, ROUND_HALF_UP) for v in values[large]]
        found = pc.replace_with_mask(found, pa.array(large), pa.array(exact, MONEY))
    return found
