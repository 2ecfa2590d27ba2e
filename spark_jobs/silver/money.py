"""The money rule, once: what each line costs in every view of cost, in the billing currency, decimal(28,12).

Amortised: AWS Cloud Intelligence Dashboards, summary view. Net amortised of a Savings Plan's unused part is inferred
(docs/decisions/0005-net-amortized-cost.md): AWS delivers no net figure for it, so the plan's own net share is applied.
A FOCUS line has no charge type and only net figures: its costs stand as delivered, the gross ones are null
(docs/decisions/0012-focus.md).
`mul_div(a, b, c)` is the engines' exact a*b/c, half up at 12 places (finlake/engines/).
"""

from __future__ import annotations

from typing import Any

from spark_jobs.silver.expressions import case, one_of, quoted
from spark_jobs.silver.facts import MONEY, charge_types

PLAN_PRODUCTS = ("ComputeSavingsPlans",)


def with_costs(lines: Any, F: Any) -> Any:
    """Delivered columns -> the same with unblended_cost … contracted_cost, and the basis of gross and net. Row by row."""
    gross = lines.withColumns(
        {
            "unblended_cost": F.col("unblended"),
            "net_unblended_cost": F.coalesce(F.col("net_unblended"), F.col("unblended")),
            "blended_cost": F.when(F.col("unblended").isNotNull(), F.coalesce(F.col("blended"), _zero(F))),
            "amortized_cost": _by_rule("amortized", _amortized_rules(F), F),
            "list_cost": F.coalesce(F.col("focus_list"), _by_rule("list", _list_rules(F), F)),
            "contracted_cost": _contracted(F),
            "plan_gross": _total(F, "plan_upfront", "plan_recurring"),
            "plan_net": _total(F, "net_plan_upfront", "net_plan_recurring"),
        }
    )
    net = F.coalesce(F.col("focus_effective"), _by_rule("amortized", _net_amortized_rules(F), F))
    basis = F.when(F.col("unblended").isNotNull(), F.lit("delivered")).otherwise(F.lit("not_delivered"))
    return gross.withColumns(
        {"net_amortized_cost": net, "net_cost_basis": _net_basis(F), "gross_cost_basis": basis}
    )


def of_charge(key: str, column: str, F: Any) -> Any:
    """The fact `key` of the line's charge type (charge_types.yml) as a text column; null where the type has none."""
    words = charge_types()
    branches = []
    for value in sorted({str(facts[key]) for facts in words.values() if key in facts}):
        types = [name for name, facts in words.items() if str(facts.get(key)) == value and name != "_other"]
        branches.append((one_of(column, types), quoted(value)))
    known = one_of(column, [name for name in words if name != "_other"])
    other = quoted(words["_other"][key]) if key in words["_other"] else "null"
    return case([*branches, (known, "null")], other, F).cast("string")


def _by_rule(kind: str, rules: dict[str, Any], F: Any) -> Any:
    """One CASE over the charge types that share a rule; the rule of `_other` is the else branch."""
    words = charge_types()
    otherwise = words["_other"][kind]
    chosen = F.when(F.lit(False), _zero(F))
    for rule, cost in rules.items():
        types = [name for name, facts in words.items() if facts[kind] == rule]
        if rule != otherwise:
            chosen = chosen.when(F.col("charge_type").isin(*types), cost)
    return chosen.otherwise(rules[otherwise]).cast(MONEY)


def _amortized_rules(F: Any) -> dict[str, Any]:
    """Where an export lacks the commitment columns, the line's own cost stands: nothing is invented."""
    zero, cost = _zero(F), F.col("unblended")
    unused_plan = (F.col("plan_commitment") - F.col("plan_used")).cast(MONEY)
    return {
        "unblended": cost,
        "zero": zero,
        "covered_by_plan": F.coalesce(F.col("plan_effective"), cost),
        "covered_by_reservation": F.coalesce(F.col("reservation_effective"), cost),
        "unused_plan": F.coalesce(unused_plan, cost),
        "unused_reservation": F.coalesce(_total(F, "unused_upfront", "unused_recurring"), cost),
        "zero_if_reservation": F.when(F.col("reservation_arn").isNotNull(), zero).otherwise(cost),
        "zero_if_plan_refund": F.when(F.col("product_code").isin(*PLAN_PRODUCTS), zero).otherwise(cost),
    }


def _net_amortized_rules(F: Any) -> dict[str, Any]:
    """As amortised, from AWS's net columns where the line has them; else as amortised; where the export lacks the
    commitment columns altogether, the line's own net cost stands."""
    zero, gross, net = _zero(F), F.col("amortized_cost"), F.col("net_unblended_cost")
    unused_plan = F.coalesce(F.expr("mul_div(amortized_cost, plan_net, plan_gross)"), gross)
    has_unused_plan = F.col("plan_commitment").isNotNull() & F.col("plan_used").isNotNull()
    return {
        "unblended": net,
        "zero": zero,
        "covered_by_plan": F.coalesce(F.col("net_plan_effective"), F.col("plan_effective"), net),
        "covered_by_reservation": F.coalesce(
            F.col("net_reservation_effective"), F.col("reservation_effective"), net
        ),
        "unused_plan": F.when(has_unused_plan, unused_plan).otherwise(net),
        "unused_reservation": F.coalesce(
            _total(F, "net_unused_upfront", "net_unused_recurring"),
            _total(F, "unused_upfront", "unused_recurring"),
            net,
        ),
        "zero_if_reservation": F.when(F.col("reservation_arn").isNotNull(), zero).otherwise(net),
        "zero_if_plan_refund": F.when(F.col("product_code").isin(*PLAN_PRODUCTS), zero).otherwise(net),
    }


def _list_rules(F: Any) -> dict[str, Any]:
    """FOCUS ListCost: the public price of usage; the cost itself where no price list applies; nothing on offsetting lines."""
    return {"public": F.col("public_on_demand"), "unblended": F.col("unblended"), "zero": _zero(F)}


def _contracted(F: Any) -> Any:
    """FOCUS ContractedCost: negotiated price before commitments. Null for usage under a reservation: AWS delivers it as 0."""
    net, unknown = F.coalesce(F.col("net_unblended"), F.col("unblended")), F.lit(None).cast(MONEY)
    words = charge_types()
    offsets = [name for name, facts in words.items() if facts["list"] == "zero"]
    reserved = [name for name, facts in words.items() if facts["amortized"] == "covered_by_reservation"]
    kind = F.col("charge_type")
    return (
        F.when(kind.isNull(), F.col("focus_contracted"))
        .when(kind.isin(*offsets), _zero(F))
        .when(kind.isin(*reserved), unknown)
        .otherwise(net)
        .cast(MONEY)
    )


def _net_basis(F: Any) -> Any:
    unused = [name for name, facts in charge_types().items() if facts["amortized"] == "unused_plan"]
    inferred = F.col("charge_type").isin(*unused) & F.col("plan_net").isNotNull()
    delivered = F.col("net_unblended").isNotNull()
    return (
        F.when(inferred, F.lit("inferred"))
        .when(delivered, F.lit("delivered"))
        .otherwise(F.lit("equals_gross"))
    )


def _total(F: Any, *names: str) -> Any:
    """Sum of columns, a null counting as 0; null where all of them are null."""
    total = F.coalesce(F.col(names[0]), _zero(F))
    for name in names[1:]:
        total = total + F.coalesce(F.col(name), _zero(F))
    return F.when(F.coalesce(*[F.col(name) for name in names]).isNotNull(), total.cast(MONEY))


def _zero(F: Any) -> Any:
    return F.lit(0).cast(MONEY)
