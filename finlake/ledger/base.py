"""The one interface of ledgers, and what every form of it does alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from finlake.ledger.records import Authority, DeliveryRecord, Refusal, record_of


class Ledger(ABC):
    """The ledger of one lake. Every method is one transaction; the lake's writer lock keeps writers apart."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    @abstractmethod
    def next_sequence(self) -> int:
        """The number of the next delivery: one more than any so far."""

    @abstractmethod
    def put(self, record: DeliveryRecord) -> None:
        """Write a delivery's record, in place of the one it had and of another one with its number."""

    @abstractmethod
    def get(self, delivery_id: str) -> DeliveryRecord | None:
        """A delivery's record, or None."""

    @abstractmethod
    def deliveries(self) -> list[DeliveryRecord]:
        """All deliveries in the order of their sequence."""

    @abstractmethod
    def seen(self, signature: str) -> tuple[str, str] | None:
        """(delivery_id, state) of a delivery whose listing looked exactly like this, or None."""

    @abstractmethod
    def remember(self, signature: str, delivery_id: str, state: str) -> None:
        """Note what became of a delivery whose listing looks like this."""

    @abstractmethod
    def refusals(self) -> list[Refusal]:
        """What the last ingest met and didn't load, by manifest."""

    @abstractmethod
    def set_refusals(self, refusals: Iterable[Refusal]) -> None:
        """Replace the open refusals by those of the present state of the source."""

    @abstractmethod
    def authority(self) -> list[Authority]:
        """All decisions, by payer and month."""

    @abstractmethod
    def decide(self, authority: Authority) -> None:
        """Note whose lines count for a payer and month, in place of what was decided before."""

    def stored(self, export_id: str, billing_period: str) -> list[DeliveryRecord]:
        """Deliveries of one export and month that bronze holds, oldest first."""
        return [
            d
            for d in self.deliveries()
            if (d.export_id, d.billing_period, d.state) == (export_id, billing_period, "stored")
        ]

    def restore(self, found: Mapping[str, dict[str, Any]]) -> int:
        """Take over what the Delta logs hold and the ledger doesn't know as stored. Returns how many were mended.

        One that silver found unreadable stays refused though bronze holds it.
        A number that another machine gave too: a mere claim on it is dropped, to be made anew; otherwise the newcomer
        gets the next one.
        """
        known = {record.delivery_id: record for record in self.deliveries()}
        holders = {record.sequence: record for record in known.values()}
        mended = 0
        for delivery_id, said in sorted(found.items(), key=lambda item: (item[1]["sequence"], item[0])):
            before = known.get(delivery_id)
            if before is not None and before.state == "stored" and said["sequence"] > before.sequence:
                before = before.with_state("claimed")  # placed again, and killed before the ledger knew
            if before is not None and before.state in ("stored", "refused"):
                continue
            record = record_of(said | {"state": "stored"})
            holder = holders.get(record.sequence)
            if holder is not None and holder.delivery_id != delivery_id and holder.state != "claimed":
                record = replace(record, sequence=max(holders) + 1)
            self.put(record)
            if before is not None:
                holders.pop(before.sequence, None)
            holders[record.sequence] = record
            mended += 1
        return mended
