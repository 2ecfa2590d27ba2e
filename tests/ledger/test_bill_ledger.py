"""What a ledger of deliveries promises, the same in both forms. What is written is read by a ledger opened anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from finlake.ledger import Authority, DeliveryRecord, Ledger, Refusal

Open = Callable[[], Ledger]


def delivery(name: str, sequence: int, state: str = "stored", month: str = "2026-04") -> DeliveryRecord:
    return DeliveryRecord(
        delivery_id=name,
        export_id="cur2-1-x",
        source_format="cur2",
        billing_period=month,
        sequence=sequence,
        state=state,  # type: ignore[arg-type]
        manifest=f"s3://bucket/{name}",
        version_id="v",
        delivered_at="2026-04-03T05:00:00+00:00",
        dated=True,
        file_count=2,
        byte_count=10,
        totals=[{"payer_id": "1", "currency": "BRL", "unblended_cost": "10.0000000001"}],
        files=[{"key": "a", "size": 1}, {"key": "ç", "size": 2}],
    )


def test_a_record_comes_back_as_it_went(ledger: Open) -> None:
    said = delivery("aa", 1)
    ledger().put(said)
    assert ledger().get("aa") == said and ledger().deliveries() == [said]
    assert ledger().get("bb") is None


def test_numbers_count_up_over_processes(ledger: Open) -> None:
    assert ledger().next_sequence() == 1
    for number in (1, 2, 11):
        ledger().put(delivery(f"d{number}", number))
    assert ledger().next_sequence() == 12
    assert [d.sequence for d in ledger().deliveries()] == [1, 2, 11]


def test_a_state_changes_in_place(ledger: Open) -> None:
    opened = ledger()
    opened.put(delivery("aa", 1, "claimed"))
    opened.put(delivery("aa", 1).with_state("held", reason="fewer lines"))
    (found,) = ledger().deliveries()
    assert (found.state, found.reason, opened.next_sequence()) == ("held", "fewer lines", 2)


def test_a_number_belongs_to_one_delivery(ledger: Open) -> None:
    """Who takes a number takes it from whoever had it; who moves to another number leaves none behind."""
    opened = ledger()
    opened.put(delivery("mine", 1, "claimed"))
    opened.put(delivery("theirs", 1))
    opened.put(delivery("theirs", 4))
    assert [(d.delivery_id, d.sequence) for d in ledger().deliveries()] == [("theirs", 4)]
    opened.put(delivery("third", 1))
    assert [(d.delivery_id, d.sequence) for d in ledger().deliveries()] == [("third", 1), ("theirs", 4)]
    assert opened.next_sequence() == ledger().next_sequence() == 5


def test_stored_deliveries_of_a_month(ledger: Open) -> None:
    for said in (
        delivery("b", 2),
        delivery("a", 1),
        delivery("c", 3, "held"),
        delivery("d", 4, month="2026-05"),
    ):
        ledger().put(said)
    assert [d.delivery_id for d in ledger().stored("cur2-1-x", "2026-04")] == ["a", "b"]


def test_mended_from_the_logs(ledger: Open) -> None:
    """Both logs say number 1; a claim gives way, a refusal stays, and mending twice changes nothing."""
    ledger().put(delivery("claim", 1, "claimed"))
    ledger().put(delivery("bad", 2, "refused"))
    found = {name: delivery(name, 1).as_dict() for name in ("aa", "bb")} | {
        "bad": delivery("bad", 2).as_dict()
    }
    assert ledger().restore(found) == 2 and ledger().restore(found) == 0
    assert [(d.delivery_id, d.sequence, d.state) for d in ledger().deliveries()] == [
        ("aa", 1, "stored"),
        ("bad", 2, "refused"),
        ("bb", 3, "stored"),
    ]


def test_what_was_seen(ledger: Open) -> None:
    opened = ledger()
    assert opened.seen("s") is None
    opened.remember("s", "aa", "refused 1")
    opened.remember("s", "aa", "stored")
    opened.remember("t", "bb", "held")
    assert opened.seen("s") == ledger().seen("s") == ("aa", "stored")
    assert ledger().seen("t") == ("bb", "held")


def test_refusals_are_replaced(ledger: Open) -> None:
    def refusal(number: int) -> Refusal:
        return Refusal(f"s{number:03}", f"m{number:03}", None, {"what": "damaged", "n": number}, "2026-04-01")

    ledger().set_refusals([refusal(n) for n in range(150)])
    assert ledger().refusals() == [refusal(n) for n in range(150)]
    changed = replace(refusal(2), error={"what": "empty"})
    ledger().set_refusals([refusal(1), changed])
    assert ledger().refusals() == [refusal(1), changed]
    ledger().set_refusals([])
    assert ledger().refusals() == []


def test_a_decision_is_replaced_by_the_next(ledger: Open) -> None:
    first = Authority("2", "2026-04", "x", "cur2", "first", "2026-04-01T00:00:00+00:00")
    for said in (first, replace(first, payer_id="1"), replace(first, export_id="y")):
        ledger().decide(said)
    assert ledger().authority() == [replace(first, payer_id="1"), replace(first, export_id="y")]
