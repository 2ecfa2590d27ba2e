"""The service catalogue's rules as SQL, so that a script maps lines to the same services and resource types."""

from __future__ import annotations

from finlake.catalogue import Catalogue

COSTS = (
    *("unblended_cost", "net_unblended_cost", "blended_cost", "amortized_cost"),
    *("net_amortized_cost", "list_cost", "contracted_cost"),
)
DIMENSIONS = {
    "env": [
        *(("tag", f"user_{key}") for key in ("env", "environment", "Env", "Environment")),
        ("category", "Environment"),
    ],
    "team": [("tag", "user_team"), ("tag", "user_Team"), ("category", "Team")],
    "app": [("tag", f"user_{key}") for key in ("app", "App", "application", "Application")],
    "cost_center": [
        *(("tag", f"user_{key}") for key in ("CostCenter", "cost_center", "costcenter")),
        ("category", "CostCenter"),
    ],
    "business_unit": [
        ("category", "BusinessUnit"),
        ("tag", "user_BusinessUnit"),
        ("tag", "user_business_unit"),
    ],
}
"""Tags and cost categories of each dimension, the first that has a value counts: as in silver.sql."""
SUMS = ", ".join(f"sum({name}) as {name}" for name in COSTS)


def service_case(catalogue: Catalogue) -> str:
    """CASE over product_code, usage_type, operation and billing_entity."""
    branches = []
    for match in catalogue.ordered_matches():
        said = " and ".join(
            f"{name.removesuffix('_like')} {'like' if name.endswith('_like') else '='} '{value}'"
            for name, value in match.conditions.items()
        )
        branches.append(f"when {said} then '{match.service}'")
    return f"case {' '.join(branches)} else 'unmapped' end"


def resource_type_branches(catalogue: Catalogue) -> str:
    """WHEN branches over lines.resource_id and service_of.service."""
    return " ".join(
        f"when lines.resource_id like '{rule.like}'"
        + (f" and service_of.service = '{rule.service}'" if rule.own_lines_only else "")
        + f" then '{rule.resource_type}'"
        for rule in catalogue.resource_rules()
    )
