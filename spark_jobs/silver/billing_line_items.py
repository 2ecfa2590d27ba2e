"""Silver billing_line_items: the canonical bill line. One delivery's raw rows in, the contract's columns out; pure.

Contract: models/silver/billing_line_items.odcs.yaml. `F` is the active engine's functions module (PySpark's API).
"""

from __future__ import annotations

from typing import Any

from finlake.contracts import load_contract
from spark_jobs.silver.delivered import delivered_columns
from spark_jobs.silver.facts import NO_PRODUCT, Facts
from spark_jobs.silver.money import of_charge, with_costs
from spark_jobs.silver.resources import commitment_columns, dimension, region, resource_columns, service_key

DELIVERY_KEYS = ("export_id", "billing_period", "delivery_id", "source_format")
"""Columns that every line of a delivery shares; the raw frame carries them."""


def transform(raw: Any, services: Any, facts: Facts, F: Any) -> Any:
    """Raw rows and the frame of services (service, title, category) -> canonical lines, one for each raw row."""
    return canonical(delivered(raw, F), services, facts, F)


def delivered(raw: Any, F: Any) -> Any:
    """Raw rows -> canonical delivered columns: the only part that depends on which columns AWS delivered."""
    return delivered_columns(raw, DELIVERY_KEYS, F)


def canonical(lines: Any, services: Any, facts: Facts, F: Any) -> Any:
    """Delivered columns -> canonical lines: the same query for every delivery of every format."""
    lines = with_costs(lines, F)
    lines = lines.withColumns(_calendar_columns(F) | _focus_columns(F) | {"service": service_key(facts, F)})
    lines = lines.withColumns(
        {"region": region(F), **resource_columns(facts, F), **commitment_columns(F), **_dimensions(facts, F)}
    )
    product = F.coalesce(F.col("product_code"), F.lit(NO_PRODUCT))
    named = lines.join(services, on="service", how="left").withColumns(
        {
            "product_code": product,
            "service_name": F.coalesce(F.col("title"), F.col("product_name"), product),
            "service_category": F.coalesce(F.col("category"), F.lit("Other")),
        }
    )
    return named.select(*[F.col(name) for name in load_contract("silver", "billing_line_items").column_names])


def _calendar_columns(F: Any) -> dict[str, Any]:
    return {
        "usage_date": F.to_date(F.col("charge_period_start")),
        "is_final": F.when(F.col("has_invoice_ids"), F.col("invoice_id").isNotNull()),
        "is_split_line": _is_split(F),
    }


def _is_split(F: Any) -> Any:
    """Split cost allocation rows name a parent and carry no cost of their own (AWS «Split line item details»)."""
    shares = F.coalesce(F.col("split_cost"), F.col("split_unused_cost")).isNotNull()
    return F.col("split_parent_resource_id").isNotNull() & shares & (F.col("unblended") == F.lit(0))


def _focus_columns(F: Any) -> dict[str, Any]:
    """FOCUS's words: as delivered where the export is one of FOCUS, else by the line item type."""
    kind = F.col("charge_type")
    is_spot = F.coalesce(F.col("usage_type").like("%SpotUsage%"), F.lit(False)) | (
        F.col("pricing_term") == F.lit("Spot")
    )
    committed = F.coalesce(F.col("plan_arn"), F.col("reservation_arn")).isNotNull()
    priced = F.coalesce(of_charge("priced", "charge_type", F) == F.lit("True"), F.lit(False))
    return {
        "charge_category": F.coalesce(F.col("focus_category"), of_charge("category", "charge_type", F)),
        "charge_class": F.coalesce(F.col("focus_class"), of_charge("class", "charge_type", F)),
        "charge_frequency": F.coalesce(F.col("focus_frequency"), of_charge("frequency", "charge_type", F)),
        "pricing_category": F.when(F.col("focus_pricing").isNotNull(), F.col("focus_pricing"))
        .when(priced & committed, F.lit("Committed"))
        .when(priced & F.coalesce(is_spot, F.lit(False)), F.lit("Dynamic"))
        .when(priced & kind.isNotNull(), F.lit("Standard"))
        .otherwise(F.lit(None).cast("string")),
    }


def _dimensions(facts: Facts, F: Any) -> dict[str, Any]:
    return {name: dimension(keys, F) for name, keys in facts.dimensions.items()}
