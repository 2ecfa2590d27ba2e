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
from finlake.ledger import DeliveryRecord, Ledger, text_of
from pipeline.silver import current_of


def follow_manifests(
    lake: Lake, ledger: Ledger, found: Discovery, signature: Callable[[Delivery], str]
) -> Iterator[DeliveryRecord]:
    """Give the delivery that a month's own manifest names the newest number where the month shows another, whose manifest is
    older. Yields those."""
    for delivery in found.deliveries:
        if not delivery.is_current:
            continue
        seen = ledger.seen(signature(delivery))
        record = ledger.get(seen[0]) if seen else None
        if record is None or record.state != "stored" or not record.line_count:
            continue
        stored = ledger.stored(record.export_id, record.billing_period)
        shown = current_of(stored)
        if shown is None or shown.delivery_id == record.delivery_id:
            continue
        written_at = text_of(delivery.manifest.delivered_at)
        if str(written_at) <= (shown.delivered_at or ""):
            continue  # an older copy of the export, not what AWS shows now
        placed = replace(record, sequence=ledger.next_sequence(), delivered_at=written_at)
        if current_of([placed, *(one for one in stored if one.delivery_id != record.delivery_id)]) != placed:
            continue  # a time of AWS's says otherwise
        place_again(lake, placed.as_dict())
        ledger.put(placed)
        yield placed
