"""Silver delivery_costs: what one delivery said, by day, account, product and kind of charge; kept for ever. Pure.

Contract: models/silver/delivery_costs.odcs.yaml. In: canonical lines of one delivery.
"""

from __future__ import annotations

from typing import Any

from finlake.contracts import load_contract
from spark_jobs.silver.facts import MONEY

COSTS = (
    "unblended_cost",
    "net_unblended_cost",
    "blended_cost",
    "amortized_cost",
    "net_amortized_cost",
    "list_cost",
    "contracted_cost",
)


def transform(lines: Any, F: Any) -> Any:
    """Canonical lines -> one row per key of the contract, with line_count and the sums of all costs."""
    contract = load_contract("silver", "delivery_costs")
    keys = [name for name in contract.column_names if name not in {*COSTS, "line_count"}]
    summed = lines.withColumns({"is_closing_line": is_closing_line(F)}).groupBy(*keys)
    costs = [F.sum(F.col(name)).cast(MONEY).alias(name) for name in COSTS]
    return summed.agg(F.count(F.lit(1)).alias("line_count"), *costs).select(
        *[F.col(n) for n in contract.column_names]
    )


def is_closing_line(F: Any) -> Any:
    """Lines that belong to the month as a whole: tax, credits, corrections, and one-time fees that pay for no commitment."""
    category, frequency = F.col("charge_category"), F.col("charge_frequency")
    fee = (category == F.lit("Purchase")) & (frequency == F.lit("One-Time")) & F.col("commitment_id").isNull()
    return category.isin("Tax", "Credit") | F.col("charge_class").isNotNull() | fee
