"""Authority: whose lines count for a payer and month. CUR 2.0, then legacy CUR, then FOCUS; the payer's own export before a
member account's; stored, sticky, changed only by command."""

from __future__ import annotations

from collections.abc import Iterable

from finlake.clock import utc_now
from finlake.contracts import load_contract
from finlake.lake import Lake
from finlake.ledger import Authority, DeliveryRecord, Ledger, text_of
from finlake.tables import read_table

RANK = {"cur2": 0, "cur1": 1, "focus": 2}


def restore(lake: Lake, ledger: Ledger) -> None:
    """Decisions are sticky: a ledger that lost them takes them from silver.billing_authority."""
    table = None if ledger.authority() else read_table(lake, load_contract("silver", "billing_authority"))
    for row in table.to_pylist() if table is not None else []:
        ledger.decide(Authority(**row | {"decided_at": str(text_of(row["decided_at"]))}))


def settle(ledger: Ledger) -> list[Authority]:
    """Decide for each payer and month that has lines and no decision yet. Returns what was decided now."""
    decided = {(a.payer_id, a.billing_period) for a in ledger.authority()}
    choices: dict[tuple[str, str], list[DeliveryRecord]] = {}
    for record in ledger.deliveries():
        if record.state == "stored" and record.line_count:
            for payer in record.payers:
                choices.setdefault((payer, record.billing_period), []).append(record)
    new = [
        _choose(payer, period, found)
        for (payer, period), found in sorted(choices.items())
        if (payer, period) not in decided
    ]
    for authority in new:
        ledger.decide(authority)
    return new


def _choose(payer: str, period: str, records: Iterable[DeliveryRecord]) -> Authority:
    best = min(records, key=lambda r: (not _is_own(r, payer), RANK.get(r.source_format, 9), r.sequence))
    own = (
        "the payer's own export"
        if _is_own(best, payer)
        else "a member account's export, the only one there is"
    )
    exports = sorted({r.export_id for r in records})
    reason = f"{own}, format {best.source_format}" + (
        f", first of {len(exports)} exports" if len(exports) > 1 else ""
    )
    return Authority(payer, period, best.export_id, best.source_format, reason, str(text_of(utc_now())))


def _is_own(record: DeliveryRecord, payer: str) -> bool:
    return record.export_id.split("-")[1:2] == [payer]
