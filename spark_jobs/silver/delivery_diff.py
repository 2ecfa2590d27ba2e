"""What changed between two deliveries of one export and month: in money, and line by line. Pure.

Line item ids are re-issued with each delivery, so a line is known by what it bills (LINE_KEY). Lines that bill the
same are paired by equal cost first, so that counts don't depend on any order. Rules of the classes:

- closing_lines: lines of the month as a whole (delivery_costs.is_closing_line), left out of the line counts;
- earlier_days: days that the older delivery covered, up to its last usage day; new_days: the days after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from finlake.contracts import load_contract
from spark_jobs.silver.delivery_costs import is_closing_line
from spark_jobs.silver.facts import MONEY

MEASURES = ("unblended_cost", "net_unblended_cost", "blended_cost", "amortized_cost", "net_amortized_cost")
CLASSES = ("earlier_days", "new_days", "closing_lines")
COUNTS = (
    "unchanged",
    "cost_changed",
    "removed",
    "added_in_earlier_days",
    "same_cost_other_attributes_changed",
    "added_in_new_days",
)

LINE_KEY = (
    *("payer_id", "account_id", "product_code", "charge_type", "charge_category", "currency"),
    *("usage_type", "operation", "resource_id", "availability_zone", "charge_description", "commitment_id"),
    *("charge_period_start", "charge_period_end", "split_parent_resource_id"),
)
"""What a line bills, whatever its id: for whom, what, where, under which commitment and for which hours."""

NO_ATTRIBUTE = (
    "line_item_id",
    "delivery_id",
    "invoice_id",
    "is_final",
    "usage_date",
    "unblended_cost",
    "blended_cost",
)
"""Columns whose change is no change of a line: ids given anew, the invoice that closes the month, and the blended
cost, an average over the organisation that moves with the lines of others."""


def last_usage_day(costs: Any, F: Any) -> Any:
    """One row: the last day that a delivery's usage covers (`day`, null without any). In: its delivery_costs."""
    return costs.where(~F.col("is_closing_line")).agg(F.max("usage_date").alias("day"))


def money_changes(before: Any, after: Any, covered: date | None, keys: Sequence[str], F: Any) -> Any:
    """Newer less older by `keys`: columns <measure>__<class> and <measure>__total. In: delivery_costs of each."""
    columns = [*keys, "usage_date", "is_closing_line"]
    sides = []
    for frame, sign in ((before, -1), (after, 1)):
        signed = [(F.col(name) * F.lit(sign)).cast(MONEY).alias(name) for name in MEASURES]
        sides.append(frame.select(*[F.col(name) for name in dict.fromkeys(columns)], *signed))
    changes = sides[0].unionByName(sides[1]).withColumn("class", _class(covered, F))
    sums = [
        _sum(_of_class(measure, name, F), F).alias(f"{measure}__{name}")
        for measure in MEASURES
        for name in CLASSES
    ]
    totals = [_sum(F.col(measure), F).alias(f"{measure}__total") for measure in MEASURES]
    return changes.groupBy(*keys).agg(*sums, *totals)


def line_marks(lines: Any, F: Any) -> Any:
    """Canonical lines of a delivery, closing lines left out -> (line, attributes, cost, usage_date), texts hashed.

    The cost is the billed one: unblended, or net unblended where the export delivers no gross cost.
    """
    contract = load_contract("silver", "billing_line_items")
    maps = {column.name for column in contract.columns if column.physical_type.startswith("map")}
    others = [name for name in contract.column_names if name not in {*LINE_KEY, *NO_ATTRIBUTE}]
    return lines.where(~is_closing_line(F)).select(
        _hash([F.col(name) for name in LINE_KEY], F).alias("line"),
        _hash([_entries(name, F) if name in maps else F.col(name) for name in others], F).alias("attributes"),
        F.coalesce(F.col("unblended_cost"), F.col("net_unblended_cost")).alias("cost"),
        F.col("usage_date"),
    )


def line_counts(before: Any, after: Any, covered: date | None, F: Any) -> Any:
    """One row with COUNTS. In: line_marks of the older and the newer delivery."""
    marked = before.withColumns({"old": F.lit(1), "new": F.lit(0)}).unionByName(
        after.withColumns({"old": F.lit(0), "new": F.lit(1)})
    )
    old, new = F.sum("old").alias("old"), F.sum("new").alias("new")
    exact = marked.groupBy("line", "usage_date", "cost", "attributes").agg(old, new)
    exact = exact.withColumn("same", F.least("old", "new"))
    priced = exact.groupBy("line", "usage_date", "cost").agg(old, new, F.sum("same").alias("same"))
    priced = priced.withColumn("paired", F.least("old", "new"))
    billed = priced.groupBy("line", "usage_date").agg(
        old, new, F.sum("same").alias("same"), F.sum("paired").alias("paired")
    )
    billed = billed.withColumn("moved", F.least("old", "new") - F.col("paired"))
    added = F.col("new") - F.col("paired") - F.col("moved")
    earlier = F.lit(covered is not None) & (F.col("usage_date") <= F.lit(covered))
    sums = {
        "unchanged": F.col("same"),
        "cost_changed": F.col("moved"),
        "removed": F.col("old") - F.col("paired") - F.col("moved"),
        "added_in_earlier_days": F.when(earlier, added).otherwise(F.lit(0)),
        "same_cost_other_attributes_changed": F.col("paired") - F.col("same"),
        "added_in_new_days": F.when(earlier, F.lit(0)).otherwise(added),
    }
    return billed.agg(
        *[F.coalesce(F.sum(sums[name]), F.lit(0)).cast("bigint").alias(name) for name in COUNTS]
    )


def _of_class(measure: str, name: str, F: Any) -> Any:
    """The measure on changes of one class, 0 on others; null where the export doesn't deliver it."""
    of_class = F.when(F.col("class") == F.lit(name), F.col(measure)).otherwise(F.lit(0))
    return F.when(F.col(measure).isNotNull(), of_class)


def _class(covered: date | None, F: Any) -> Any:
    closing = F.when(F.col("is_closing_line"), F.lit("closing_lines"))
    if covered is None:
        return closing.otherwise(F.lit("new_days"))
    return closing.when(F.col("usage_date") <= F.lit(covered), F.lit("earlier_days")).otherwise(
        F.lit("new_days")
    )


def _sum(column: Any, F: Any) -> Any:
    return F.sum(column).cast(MONEY)


def _hash(columns: Sequence[Any], F: Any) -> Any:
    return F.md5(
        F.concat_ws("\x1f", *[F.coalesce(column.cast("string"), F.lit("\x1e")) for column in columns])
    )


def _entries(name: str, F: Any) -> Any:
    """A map as text whatever the order of its entries."""
    return F.expr(f"sort_array(map_entries({name}))")
