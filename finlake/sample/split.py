"""Split cost allocation: rows without a cost of their own that share out a node's amortised cost. Pure.

Weights and columns: https://docs.aws.amazon.com/cur/latest/userguide/example-split-cost-allocation-data.html
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from finlake.sample import chance
from finlake.sample.facts import Organisation, Pod, Split
from finlake.sample.formulas import amortized, net_amortized
from finlake.sample.lines import Line, charge_period, new_line, usage_type
from finlake.sample.money import ZERO, split_exactly, text, total
from finlake.sample.plan import Edition

VCPU_WEIGHT = Decimal(9)


def split_lines(org: Organisation, edition: Edition, usage: list[Line]) -> list[Line]:
    """Two rows (vCPU and GB) a pod and slot for every split node of the payer."""
    found: list[Line] = []
    for split in org.split:
        if split.payer == edition.payer and split.start <= edition.offset:
            slots: dict[datetime, list[Line]] = defaultdict(list)
            for line in usage:
                if line.get("_workload") == split.node:
                    slots[line["line_item_usage_start_date"]].append(line)
            for node in slots.values():
                found += _of_slot(org, edition, split, node)
    return found


def _of_slot(org: Organisation, edition: Edition, split: Split, node: list[Line]) -> list[Line]:
    hours = total(line["line_item_usage_amount"] for line in node)
    used = [
        (pod, resource, *_usage(pod, resource, hours)) for pod in split.pods for resource in ("vCPU", "GB")
    ]
    has_net = "line_item_net_unblended_cost" in node[0]
    costs = {
        ("split_cost", "unused_cost"): total(map(amortized, node)),
        ("public_on_demand_split_cost", "public_on_demand_unused_cost"): total(
            line["pricing_public_on_demand_cost"] for line in node
        ),
    }
    if has_net:
        costs["net_split_cost", "net_unused_cost"] = total(map(net_amortized, node))
    shares = {names: _shares(split, hours, used, cost) for names, cost in costs.items()}
    found = []
    for at, (pod, resource, reserved, actual, taken) in enumerate(used):
        line = _row(org, edition, split, node[0], pod, resource)
        line |= {
            "line_item_usage_amount": taken,
            "split_line_item_reserved_usage": reserved,
            "split_line_item_split_usage": taken,
        }
        line["split_line_item_actual_usage"] = actual
        line["split_line_item_split_usage_ratio"] = taken / _whole(split, resource, hours)
        for (cost, unused), given in shares.items():
            line[f"split_line_item_{cost}"], line[f"split_line_item_{unused}"] = given[at]
        if has_net:
            line |= {
                "line_item_net_unblended_cost": ZERO,
                "discount_total_discount": ZERO,
                "discount_bundled_discount": ZERO,
            }
        found.append(line)
    return found


def _shares(
    split: Split, hours: Decimal, used: list[tuple[Pod, str, Decimal, Decimal | None, Decimal]], cost: Decimal
) -> list[tuple[Decimal, Decimal]]:
    """Cost by use, and what nobody used in the same proportion; the rows add up to the cost exactly."""
    weight = {"vCPU": VCPU_WEIGHT, "GB": Decimal(1)}
    taken = [amount * weight[resource] for _, resource, _, _, amount in used]
    free = []
    for _, resource, _, _, amount in used:
        of_resource = total(other for _, name, _, _, other in used if name == resource)
        free.append((_whole(split, resource, hours) - of_resource) * amount / of_resource * weight[resource])
    parts = split_exactly(cost, taken + free)
    return list(zip(parts[: len(used)], parts[len(used) :], strict=True))


def _whole(split: Split, resource: str, hours: Decimal) -> Decimal:
    return (split.vcpu if resource == "vCPU" else split.gb) * hours


def _usage(pod: Pod, resource: str, hours: Decimal) -> tuple[Decimal, Decimal | None, Decimal]:
    """Reserved, actual and allocated (the greater of both) usage."""
    reserved, actual = (pod.vcpu, pod.vcpu_used) if resource == "vCPU" else (pod.gb, pod.gb_used)
    allocated = max(reserved, actual) if actual is not None else reserved
    return reserved * hours, actual * hours if actual is not None else None, allocated * hours


def _row(org: Organisation, edition: Edition, split: Split, node: Line, pod: Pod, resource: str) -> Line:
    cluster = org.workload(split.cluster)
    prefix = usage_type(org, org.item(cluster.use), cluster.region).split("AmazonEKS")[0]
    line = new_line(org, edition, "Usage", cluster.account, "AmazonEKS", key=f"{pod.name}-{resource}")
    place = f"arn:aws:eks:{cluster.region}:{cluster.account}:pod/{cluster.id}/default/{pod.name}"
    line |= {
        "line_item_line_item_description": f"EKS-EC2-{resource}-Hours (sample)",
        "line_item_usage_type": f"{prefix}EKS-EC2-{resource}-Hours",
        "line_item_operation": "EKSPod-EC2",
        "line_item_resource_id": f"{place}/{chance.hexadecimal(12, edition.seed, pod.name)}",
        "line_item_unblended_rate": text(ZERO),
        "pricing_term": "OnDemand",
        "pricing_unit": f"{resource}-Hours",
        "product_servicecode": "AmazonEKS",
        "product_region_code": cluster.region,
        "product_product_family": "Compute",
        "resource_tags": {f"user_{name}": value for name, value in org.tags[cluster.tags].items()}
        | {"user_app": pod.name},
        "split_line_item_parent_resource_id": node["line_item_resource_id"],
    }
    return charge_period(line, node["line_item_usage_start_date"], node["line_item_usage_end_date"])
