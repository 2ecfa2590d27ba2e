"""Which of a month's deliveries is the last: the source's own word, where no time of AWS's decides.

A delivery whose id carries no time (legacy CUR's assembly ids) is placed in the order in which it was taken in. That would turn
a month back where an older version's missing file arrives late, and keep a superseded one where AWS writes the earlier content
again. The month's own manifest says which version AWS shows: that one is placed last (ADR 0030).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from collect.exports.discover import Delivery, Discovery
from finlake.bronze import place_again
from finlake.lake import Lake
from finlake.ledger import DeliveryRecord, Ledger
from pipeline.silver import current_of


def follow_manifests(
    lake: Lake, ledger: Ledger, found: Discovery, signature: Callable[[Delivery], str]
) -> Iterator[DeliveryRecord]:
    """Give the delivery that a month's own manifest names the newest number where the month shows another. Yields those."""
    for delivery in found.deliveries:
        if not delivery.is_current:
            continue
        seen = ledger.seen(signature(delivery))
        record = ledger.get(seen[0]) if seen else None
        if record is None or record.state != "stored" or not record.line_count:
            continue
        stored = ledger.stored(record.export_id, record.billing_period)
        placed = replace(record, sequence=ledger.next_sequence())
        if _shows(record, stored) or not _shows(placed, [*_without(record, stored), placed]):
            continue
        place_again(lake, placed.as_dict())
        ledger.put(placed)
        yield placed


def _shows(record: DeliveryRecord, stored: list[DeliveryRecord]) -> bool:
    current = current_of(stored)
    return current is not None and current.delivery_id == record.delivery_id


def _without(record: DeliveryRecord, stored: list[DeliveryRecord]) -> list[DeliveryRecord]:
    return [one for one in stored if one.delivery_id != record.delivery_id]
