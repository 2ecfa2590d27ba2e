"""FOCUS's words and costs in silver, held against the FOCUS export of the same golden bill, and the rule for unused plans.

docs/decisions/0005-net-amortized-cost.md and 0006-focus-words.md quote what is shown here.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finlake.contracts import load_contract
from spark_jobs.silver.facts import charge_types
from tests.pipeline.ingesting import query, silver

CATEGORIES = {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
FREQUENCIES = {"One-Time", "Recurring", "Usage-Based"}
RESERVED = "commitment_type = 'Reserved Instance' and commitment_status = 'Used'"
ZERO = Decimal(0)


@pytest.fixture(scope="module")
def lines(cur2_parquet_lake: Path) -> pa.Table:
    """Silver's lines of the newest deliveries of the golden bill."""
    return silver(cur2_parquet_lake, "billing_line_items")


@pytest.fixture(scope="module")
def focus(totals: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Billing period -> figures of the FOCUS export of its newest version."""
    return {version[:7]: said for version, said in totals["focus_versions"].items()}


def by_category(
    lines: pa.Table, period: str, cost: str, where: str = "true"
) -> dict[tuple[str, str, str], Decimal]:
    """(account, product, charge category) -> sum of a cost."""
    rows = query(
        f"select account_id, product_code, charge_category, coalesce(sum({cost}), 0) from lines "
        f"where billing_period = '{period}' and {where} group by all",
        lines=lines,
    )
    return {row[:3]: row[3] for row in rows}


def focus_groups(focus: dict[str, Any], period: str, cost: str) -> dict[tuple[str, str, str], Decimal]:
    groups = focus[period]["groups"]
    return {(g["SubAccountId"], g["x_ServiceCode"], g["ChargeCategory"]): Decimal(g[cost]) for g in groups}


def test_every_word_is_one_of_focus() -> None:
    for name, facts in charge_types().items():
        assert facts["category"] in CATEGORIES, name
        assert facts["frequency"] in FREQUENCIES, name
        assert facts.get("class") in {None, "Correction"}, name


def test_groups_are_those_of_the_focus_export(lines: pa.Table, focus: dict[str, Any]) -> None:
    """FOCUS has no discount rows, and gives the unused part of a commitment a Usage row of its own, at list cost 0."""
    for period in focus:
        ours = {key for key in by_category(lines, period, "list_cost") if key[2] != "Adjustment"}
        wanted = focus_groups(focus, period, "ListCost")
        assert ours <= set(wanted)
        assert {wanted[key] for key in set(wanted) - ours} <= {ZERO}


def test_list_cost_is_that_of_the_focus_export_in_every_group(lines: pa.Table, focus: dict[str, Any]) -> None:
    for period, said in focus.items():
        ours, wanted = by_category(lines, period, "list_cost"), focus_groups(focus, period, "ListCost")
        assert sum(ours.values()) == Decimal(said["total"]["ListCost"])
        for key in ours.keys() | wanted.keys():
            assert ours.get(key, ZERO) == wanted.get(key, ZERO), (period, key)


def test_contracted_cost_is_that_of_the_focus_export_but_for_reserved_usage(
    lines: pa.Table, focus: dict[str, Any]
) -> None:
    for period in focus:
        ours = by_category(lines, period, "contracted_cost")
        wanted = focus_groups(focus, period, "ContractedCost")
        reserved = by_category(lines, period, "contracted_cost", RESERVED)
        compared = (ours.keys() | wanted.keys()) - reserved.keys()
        assert compared and reserved
        for key in compared:
            assert ours.get(key, ZERO) == wanted.get(key, ZERO), (period, key)


def test_contracted_cost_is_null_for_reserved_usage_and_nowhere_else(lines: pa.Table) -> None:
    rows = query(f"select {RESERVED}, count(*), count(contracted_cost) from lines group by all", lines=lines)
    found = {bool(reserved): (count, known) for reserved, count, known in rows}
    assert found[True][0] > 0 and found[True][1] == 0
    assert found[False][0] == found[False][1]


def test_net_sums_are_the_billed_and_effective_cost_of_the_focus_export(
    lines: pa.Table, focus: dict[str, Any]
) -> None:
    for period, said in focus.items():
        assert sum(by_category(lines, period, "net_unblended_cost").values()) == Decimal(
            said["total"]["BilledCost"]
        )
        assert sum(by_category(lines, period, "net_amortized_cost").values()) == Decimal(
            said["total"]["EffectiveCost"]
        )


def test_the_net_of_unused_commitment_is_inferred_and_says_so(lines: pa.Table) -> None:
    """Worked example of the golden bill: unused 0.0652 of a partial-upfront plan, net share 0.184 / 0.2."""
    rows = query(
        "select amortized_cost, net_amortized_cost, net_cost_basis from lines where charge_type = 'SavingsPlanRecurringFee' "
        "and charge_period_start = timestamptz '2026-04-10 00:00:00+00' and amortized_cost = 0.0652",
        lines=lines,
    )
    assert rows == [(Decimal("0.0652"), Decimal("0.059984"), "inferred")]
    kinds = query("select distinct charge_type from lines where net_cost_basis = 'inferred'", lines=lines)
    assert kinds == [("SavingsPlanRecurringFee",)]


def test_the_basis_of_net_figures_is_one_of_three_words(lines: pa.Table) -> None:
    assert {row[0] for row in query("select distinct net_cost_basis from lines", lines=lines)} <= {
        "delivered",
        "equals_gross",
        "inferred",
    }
    assert "net_cost_basis" in load_contract("silver", "billing_line_items").column_names
