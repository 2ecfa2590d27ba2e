"""The canonical bill line with pandas: the same columns and the same rules as silver.sql."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pyarrow as pa

from benchmarks.peers.pandas_costs import add_costs, chosen, decimals
from benchmarks.peers.rules import DIMENSIONS
from finlake.catalogue import Catalogue
from finlake.service_matching import BillLine, like
from finlake.service_model import UNMAPPED

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
    found["product_code"] = found["product_code"].fillna("(none)")
    found["region"] = (
        found["region"].fillna(_product(raw, "region")).fillna(by_value(found["availability_zone"], _region))
    )
    _words(found)
    _services(found, _product(raw, "product_name"), catalogue)
    _resources(found, catalogue)
    add_costs(found, raw)
    found["resource_tags"], found["cost_categories"] = raw["resource_tags"], raw["cost_category"]
    pairs = zip(raw["resource_tags"], raw["cost_category"], strict=True)
    dimensions = zip(*(_dimensions(dict(tags), dict(categories)) for tags, categories in pairs), strict=True)
    for name, values in zip(DIMENSIONS, dimensions, strict=True):
        found[name] = pd.Series(values, dtype=object)
    return found


def _product(raw: pd.DataFrame, key: str) -> pd.Series:
    return pd.Series([dict(entries).get(key) for entries in raw["product"]], dtype=object)


def _dimensions(tags: dict[str, str], categories: dict[str, str]) -> list[str | None]:
    entries = {"tag": tags, "category": categories}
    return [
        next((value for kind, key in places if (value := entries[kind].get(key))), None)
        for places in DIMENSIONS.values()
    ]


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
    found["charge_category"] = chosen(choices, "Adjustment")
    found["charge_class"] = chosen([(kind == "Refund", "Correction")], None)
    once = kind.isin(("SavingsPlanUpfrontFee", "Fee", "Credit"))
    often = kind.isin(("SavingsPlanRecurringFee", "RIFee"))
    found["charge_frequency"] = chosen([(often, "Recurring"), (once, "One-Time")], "Usage-Based")
    plan, reservation = found["plan_arn"].notna(), found["reservation_arn"].notna()
    spot = found["usage_type"].str.contains("SpotUsage", regex=False, na=False) | (
        found["pricing_term"] == "Spot"
    )
    priced = [(~kind.isin(PRICED), None), (plan | reservation, "Committed"), (spot, "Dynamic")]
    found["pricing_category"] = chosen(priced, "Standard")
    found["commitment_id"] = found["plan_arn"].fillna(found["reservation_arn"])
    found["commitment_type"] = chosen([(plan, "Savings Plan"), (reservation, "Reserved Instance")], None)
    found["commitment_category"] = chosen([(plan, "Spend"), (reservation, "Usage")], None)


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
