"""One payer's month through legacy CUR, CUR 2.0 and FOCUS: stored from all, counted from one, switched by command."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline import cli
from tests.e2e.whole_run import published, whole_run
from tests.pipeline import tiny, tiny_focus
from tests.pipeline.ingesting import query, silver

GROSS = ("unblended_cost", "blended_cost", "amortized_cost")
MONTH = "2026-03"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same two charges in three formats; FOCUS has them net. Another payer has FOCUS alone."""
    root = tmp_path_factory.mktemp("three")
    net = "lineItem/NetUnblendedCost"
    charges = [tiny.line("10", **{net: "9"}), tiny.line("2.5", "Tax", **{net: "2.5"})]
    tiny.cur1_csv(root, charges, "20260401T000000Z")
    tiny.cur2_parquet(root, charges, "2026-04-04T05-12-11.000Z-abc")
    tiny_focus.focus_csv(root, [tiny_focus.line("9"), tiny_focus.line("2.5", ChargeCategory="Tax")])
    other = {"BillingAccountId": "900200000002", "SubAccountId": "900200000002", "BillingCurrency": "BRL"}
    tiny_focus.focus_parquet(root, [tiny_focus.line("7", **other)], name="other", account="900200000002")
    return root


def costs(lake: Path) -> dict[str, tuple[Any, ...]]:
    rows = published(
        lake,
        "select payer_id, sum(line_count), sum(unblended_cost), sum(net_unblended_cost), sum(net_amortized_cost) "
        "from cost_monthly group by all",
    )
    daily = published(lake, "select payer_id, sum(net_unblended_cost) from cost_daily group by all")
    assert {row[0]: row[3] for row in rows} == dict(daily)
    return {row[0]: row[1:] for row in rows}


def proof(lake: Path) -> dict[tuple[str, str], str]:
    """(payer, measure) -> basis of its totals. Every row is reconciled."""
    rows = published(lake, "select payer_id, measure, total_basis, is_reconciled from reconciliation")
    assert all(row[3] for row in rows) and rows
    return {row[:2]: row[2] for row in rows}


def switch(lake: Path, source_format: str) -> None:
    [export] = query(
        f"select distinct export_id from t where source_format = '{source_format}' and export_id like '%tiny%'",
        t=silver(lake, "deliveries"),
    )[0]
    arguments = ["authority", "set", tiny.PAYER, MONTH, export, "--reason", "a test", "--lake", str(lake)]
    assert cli.main(arguments) == 0


def test_counted_once_whichever_counts(bucket: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    whole_run(lake, bucket)
    assert silver(lake, "billing_line_items").num_rows == 7
    both = (Decimal(2), Decimal("12.5"), Decimal("11.5"), Decimal("11.5"))
    focus = (Decimal(2), None, Decimal("11.5"), Decimal("11.5"))
    other = (Decimal(1), None, Decimal(7), Decimal(7))
    assert costs(lake) == {tiny.PAYER: both, "900200000002": other}
    found = proof(lake)
    assert {found[tiny.PAYER, name] for name in GROSS} == {"delivered"}
    assert {found["900200000002", name] for name in GROSS} == {"not_delivered"}
    assert found["900200000002", "net_unblended_cost"] == "delivered"

    switch(lake, "focus")
    whole_run(lake, bucket)
    assert costs(lake) == {tiny.PAYER: focus, "900200000002": other}
    assert {proof(lake)[tiny.PAYER, name] for name in GROSS} == {"not_delivered"}
    said = "select distinct source_format, gross_cost_basis, unblended_cost, final_share from freshness"
    assert published(lake, said) == [("focus", "not_delivered", None, None)]

    switch(lake, "cur1")
    whole_run(lake, bucket)
    assert costs(lake) == {tiny.PAYER: both, "900200000002": other}
    formats = dict(published(lake, "select payer_id, source_format from freshness"))
    assert formats == {tiny.PAYER: "cur1", "900200000002": "focus"}
