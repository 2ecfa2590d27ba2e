"""Whose figures count: the payer's own export before a member's, the better format, the first; and then for good."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from finlake.ledger import DeliveryRecord, Ledger, SqliteLedger
from pipeline.authority import RANK, change, choices, settle
from tests.properties.profile import tries

PAYERS = ("900100000001", "900200000001")
ACCOUNTS = (*PAYERS, "012345000045")
deliveries = st.fixed_dictionaries(
    {
        "source_format": st.sampled_from(sorted(RANK)),
        "account": st.sampled_from(ACCOUNTS),
        "name": st.sampled_from(["x", f"x-{PAYERS[0]}"]),
        "payers": st.lists(st.sampled_from(PAYERS), unique=True, max_size=2),
        "state": st.sampled_from(["stored", "stored", "held", "refused"]),
    }
)


def record(sequence: int, said: dict[str, object]) -> DeliveryRecord:
    payers: list[str] = list(said["payers"])  # type: ignore[call-overload]
    return DeliveryRecord(
        delivery_id=f"{sequence:016x}",
        export_id=f"{said['source_format']}-{said['account']}-{said['name']}-abcdef",
        source_format=str(said["source_format"]),
        billing_period="2026-03",
        sequence=sequence,
        state=said["state"],  # type: ignore[arg-type]
        manifest="m",
        version_id=str(sequence),
        delivered_at=None,
        dated=False,
        file_count=1,
        byte_count=1,
        line_count=len(payers),
        totals=[{"payer_id": payer} for payer in payers],
    )


def counts(ledger: Ledger) -> dict[str, str]:
    return {a.payer_id: a.export_id for a in ledger.authority()}


def chosen(records: list[DeliveryRecord], payer: str) -> str | None:
    """In words of the rule: own first, then format, then who came first."""
    able = [r for r in records if r.state == "stored" and payer in r.payers]
    own = [r for r in able if r.export_id.startswith(f"{r.source_format}-{payer}-")] or able
    best = min((RANK[r.source_format] for r in own), default=0)
    return next((r.export_id for r in own if RANK[r.source_format] == best), None)


@tries(few=60, many=3000)
@given(first=st.lists(deliveries, max_size=5), later=st.lists(deliveries, max_size=4), data=st.data())
def test_own_then_format_then_first_and_then_for_good(
    first: list[dict[str, object]], later: list[dict[str, object]], data: st.DataObject
) -> None:
    with closing(SqliteLedger(Path(":memory:"))) as ledger:
        records = [record(number, said) for number, said in enumerate(first, start=1)]
        for one in records:
            ledger.put(one)
        settle(ledger)
        decided = counts(ledger)
        assert decided == {p: e for p in PAYERS if (e := chosen(records, p))}
        added = [record(number, said) for number, said in enumerate(later, start=len(first) + 1)]
        for one in added:
            ledger.put(one)
        settle(ledger)
        everything = [*records, *added]
        after = {p: e for p in PAYERS if (e := chosen(everything, p))} | decided
        assert counts(ledger) == after, "what is decided stays; who had nothing yet gets the best of all"
        possible = choices(ledger.deliveries())
        assert set(possible) == {(payer, "2026-03") for payer in after}
        for (payer, period), exports in sorted(possible.items()):
            wish = data.draw(st.sampled_from(sorted(exports)))
            change(ledger, payer, period, wish, "because")
            settle(ledger)
            assert counts(ledger)[payer] == wish
