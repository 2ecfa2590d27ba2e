"""Which service, which place, which resource and which commitment a line belongs to."""

from __future__ import annotations

import re
from typing import Any

from finlake.service_model import UNMAPPED
from spark_jobs.silver.expressions import case, quoted
from spark_jobs.silver.facts import Facts
from spark_jobs.silver.money import of_charge

REGION_OF_ZONE = "^[a-z]{2}(-[a-z]+)+-[0-9]+"


def service_key(facts: Facts, F: Any) -> Any:
    """Catalogue key of the line's service: the most specific match decides, `unmapped` where none holds."""
    branches = []
    for match in facts.catalogue.ordered_matches():
        holds = " and ".join(_condition(name, wanted) for name, wanted in match.conditions.items())
        branches.append((holds, quoted(match.service)))
    return case(branches, quoted(UNMAPPED), F)


def _condition(name: str, wanted: str) -> str:
    operator = "like" if name.endswith("_like") else "="
    return f"{name.removesuffix('_like')} {operator} {quoted(wanted)}"


def region(F: Any) -> Any:
    """Region code as delivered, else the zone's region; null for charges without a place."""
    of_zone = F.nullif(F.regexp_extract(F.col("availability_zone"), REGION_OF_ZONE, 0), F.lit(""))
    return F.coalesce(F.col("region_code"), of_zone)


def resource_type(facts: Facts, F: Any) -> Any:
    """`service:type` from the catalogue's resource rules, else from the ARN; null where neither knows it."""
    branches = [("resource_id is null", "null")]
    for rule in facts.catalogue.resource_rules():
        own = f" and service = {quoted(rule.service)}" if rule.own_lines_only else ""
        branches.append((f"resource_id like {quoted(rule.like)}{own}", quoted(rule.resource_type)))
    # arn:partition:service:region:account:type/id or type:id (AWS General Reference, «Amazon Resource Names»)
    service = F.regexp_extract(F.col("resource_id"), "^arn:[^:]*:([^:]+):", 1)
    kind = F.regexp_extract(F.col("resource_id"), "^arn:[^:]*:[^:]+:[^:]*:[^:]*:([a-zA-Z0-9-]+)[/:]", 1)
    from_arn = F.when(kind != "", F.concat(service, F.lit(":"), kind)).otherwise(service)
    known = case(branches, "null", F)
    return F.coalesce(known, F.when(F.col("resource_id").like("arn:%"), from_arn))


def resource_columns(facts: Facts, F: Any) -> dict[str, Any]:
    """resource_arn, resource_name, resource_type of a line that has a resource id."""
    billed = F.col("resource_id")
    return {
        "resource_arn": F.when(billed.like("arn:%"), billed),
        "resource_name": F.nullif(F.regexp_extract(billed, "([^/:]+)$", 1), F.lit("")),
        "resource_type": resource_type(facts, F),
    }


def commitment_columns(F: Any) -> dict[str, Any]:
    """FOCUS's CommitmentDiscount columns, as delivered or from CUR's. A fee line is Unused only where it leaves something
    unused."""
    plan, reservation = F.col("plan_arn"), F.col("reservation_arn")
    status = of_charge("commitment", "charge_type", F)
    return {
        "commitment_id": F.coalesce(F.col("focus_commitment_id"), plan, reservation),
        "commitment_type": F.when(F.col("focus_commitment_id").isNotNull(), F.col("focus_commitment_type"))
        .when(plan.isNotNull(), F.lit("Savings Plan"))
        .when(reservation.isNotNull(), F.lit("Reserved Instance")),
        "commitment_category": F.when(
            F.col("focus_commitment_id").isNotNull(), F.col("focus_commitment_category")
        )
        .when(plan.isNotNull(), F.lit("Spend"))
        .when(reservation.isNotNull(), F.lit("Usage")),
        "commitment_status": F.when(
            F.col("focus_commitment_id").isNotNull(), F.col("focus_commitment_status")
        )
        .when((status == "Unused") & (F.col("amortized_cost") == F.lit(0)), F.lit(None))
        .otherwise(status),
    }


def dimension(keys: list[str], F: Any) -> Any:
    """A configured dimension: the first tag key (or `cost_category:Name`) that the line carries with a value.

    After the keys as configured come their spellings in legacy CUR's Parquet: AWS turns `BusinessUnit` into `business_unit`.
    """
    found = []
    for key in dict.fromkeys([*keys, *map(_in_parquet, keys)]):
        column, name = (
            ("cost_categories", key.partition(":")[2])
            if key.startswith("cost_category:")
            else ("resource_tags", key)
        )
        found.append(F.nullif(F.element_at(F.col(column), F.lit(name)), F.lit("")))
    return F.coalesce(*found) if len(found) > 1 else found[0] if found else F.lit(None).cast("string")


def _in_parquet(key: str) -> str:
    kind, colon, name = key.rpartition(":")
    return f"{kind}{colon}{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', name).lower()}"
