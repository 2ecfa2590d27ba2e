"""Authority: whose lines count for a payer and month. CUR 2.0, then legacy CUR, then FOCUS; the payer's own export before a
member account's; stored, sticky, changed only by command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from finlake.clock import utc_now
from finlake.contracts import load_contract
from finlake.errors import NotFound, Warned
from finlake.lake import Lake
from finlake.ledger import Authority, DeliveryRecord, Ledger, text_of
from finlake.messages import text
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


def doubts(ledger: Ledger) -> list[Warned]:
    """Sticky decisions that a person should look at: a member's export counts though the payer's own has arrived."""
    stored = [r for r in ledger.deliveries() if r.state == "stored"]
    own = {(p, r.billing_period): r.export_id for r in stored for p in r.payers if _is_own(r, p)}
    said = []
    for a in ledger.authority():
        better = own.get((a.payer_id, a.billing_period))
        chosen = next((r for r in stored if r.export_id == a.export_id), None)
        if better and better != a.export_id and chosen and not _is_own(chosen, a.payer_id):
            command = f"finlake authority set {a.payer_id} {a.billing_period} {better} --reason TEXT"
            place = f"{a.billing_period} {a.payer_id}"
            said.append(Warned.of("authority_doubtful", where=place, command=command))
    return said


def _choose(payer: str, period: str, records: Iterable[DeliveryRecord]) -> Authority:
    best = min(records, key=lambda r: (not _is_own(r, payer), RANK.get(r.source_format, 9), r.sequence))
    exports = len({r.export_id for r in records})
    reason = text(_reason_of(payer, best.export_id), "en", format=best.source_format)
    reason += f", first of {exports} exports" if exports > 1 else ""
    return Authority(payer, period, best.export_id, best.source_format, reason, str(text_of(utc_now())))


def told_reason(decision: Mapping[str, Any], language: str) -> str:
    """Why an export's figures count (a row of the ledger's), in that language: the reason is kept in English."""
    reason = str(decision["reason"])
    if language == "en":
        return reason
    by_command = text("authority.by_command", "en", reason="")
    if reason.startswith(by_command):
        return text("authority.by_command", language, reason=reason.removeprefix(by_command))
    key = _reason_of(decision["payer_id"], decision["export_id"])
    return text(key, language, format=decision["source_format"])


def _reason_of(payer: str, export: str) -> str:
    return "authority.own" if _payer_of(export) == payer else "authority.of_member"


def _payer_of(export: str) -> str:
    return next(iter(export.split("-")[1:2]), "")


def _is_own(record: DeliveryRecord, payer: str) -> bool:
    return _payer_of(record.export_id) == payer


def choices(records: Iterable[DeliveryRecord]) -> dict[tuple[str, str], dict[str, str]]:
    """(payer, billing period) -> export -> its format: whose figures could count, as they have lines there."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for record in records:
        if record.state == "stored" and record.line_count:
            for payer in record.payers:
                exports = found.setdefault((payer, record.billing_period), {})
                exports[record.export_id] = record.source_format
    return found


def change(
    ledger: Ledger, payer: str, period: str, export: str, reason: str
) -> tuple[Authority | None, Authority]:
    """Let another export's figures count for a payer and month. Returns (what counted before, what counts now).

    Raises NotFound where that export has no line of that payer and month.
    """
    possible = choices(ledger.deliveries())
    formats = possible.get((payer, period), {})
    if export not in formats:
        months = sorted(month for who, month in possible if who == payer)
        said = {"export": export, "payer": payer, "month": period}
        if formats:
            place = f"{payer} {period}: {', '.join(sorted(formats))}"
            raise NotFound.of("authority_not_possible", where=place, **said)
        known = ", ".join(months) or "-"
        raise NotFound.of("authority_month_unknown", where=f"{payer} {period}", months=known, **said)
    before = next((a for a in ledger.authority() if (a.payer_id, a.billing_period) == (payer, period)), None)
    if before and before.export_id == export:
        return before, before
    now = Authority(
        payer,
        period,
        export,
        formats[export],
        text("authority.by_command", "en", reason=reason),
        str(text_of(utc_now())),
    )
    ledger.decide(now)
    return before, now
