"""The money rule with pandas: what each line costs in every view of cost, as in silver.sql."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

MONEY = pa.decimal128(28, 12)
UNIT = Decimal("1e-12")
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


def chosen(choices: list[tuple[Any, Any]], otherwise: Any) -> np.ndarray:
    """CASE: the value of the first condition that holds."""
    return np.select([holds for holds, _ in choices], [np.array(v, object) for _, v in choices], otherwise)


def add_costs(found: pd.DataFrame, raw: pd.DataFrame) -> None:
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
    used = chosen([(plan | reserved, "Used"), (fees["gross"].fillna(0) != 0, "Unused")], None)
    found["commitment_status"] = used
    delivered = raw["line_item_net_unblended_cost"].notna()
    basis = [(fees["inferred"], "inferred"), (delivered, "delivered")]
    found["net_cost_basis"], found["gross_cost_basis"] = chosen(basis, "equals_gross"), "delivered"
    _add_prices(found, raw, unblended, net)


def _add_prices(found: pd.DataFrame, raw: pd.DataFrame, unblended: pd.Series, net: pd.Series) -> None:
    """List and contracted cost, usage, and split cost allocation."""
    kind = found["charge_type"]
    offsets = (kind == "SavingsPlanNegation") | kind.str.endswith("Discount")
    public = kind.isin(("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"))
    found["list_cost"] = unblended.mask(public, raw["pricing_public_on_demand_cost"]).mask(offsets, 0)
    found["contracted_cost"] = net.mask(offsets, 0).mask(kind == "DiscountedUsage", np.nan)
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


def decimals(amounts: pd.Series) -> pa.Array:
    """float64 -> decimal(28,12). Arrow's cast is off in the last places of large amounts: those go through their text."""
    values = amounts.to_numpy(float)
    large = np.abs(values) >= 1000
    found = pa.array(np.where(large, 0.0, values), from_pandas=True).cast(MONEY)
    if large.any():
        exact = [Decimal(repr(float(v))).quantize(UNIT, ROUND_HALF_UP) for v in values[large]]
        found = pc.replace_with_mask(found, pa.array(large), pa.array(exact, MONEY))
    return found
