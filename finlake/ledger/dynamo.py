"""The ledger as items of a DynamoDB table: for a lake that several machines write, or machines that keep no disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property

from finlake.dynamo import Change, Delete, Items, Put
from finlake.ledger.base import Ledger
from finlake.ledger.records import Authority, DeliveryRecord, Refusal, record_of

DELIVERY, NUMBER, SEEN, AUTHORITY, REFUSAL = "delivery#", "number#", "seen#", "authority#", "refusal#"


class DynamoLedger(Ledger):
    """Items: `delivery#<id>`, `number#<sequence>` (who has it), `seen#<signature>`, `authority#<payer>#<month>`,
    `refusal#<signature>`. Changes need the lake's lease; of more than 99 refusals at once a reader may see a part.

    Raises LakeBusy where the lease was lost, ConfigurationError where the table can't be used.
    """

    def __init__(self, items: Items) -> None:
        self.items = items

    def close(self) -> None:
        """Nothing is held open: the client is the process's."""

    def next_sequence(self) -> int:
        return max(self._numbers, default=0) + 1

    def put(self, record: DeliveryRecord) -> None:
        changes: list[Change] = []
        before = self.get(record.delivery_id)
        if before is not None and before.sequence != record.sequence:
            changes.append(Delete(_number(before.sequence)))
        holder = self._numbers.get(record.sequence)
        if holder not in (None, record.delivery_id):
            changes.append(Delete(f"{DELIVERY}{holder}"))
        shown = (
            ("state", record.state),
            ("billing_period", record.billing_period),
            ("sequence", record.sequence),
        )
        changes.append(Put(f"{DELIVERY}{record.delivery_id}", record.as_dict(), shown))
        changes.append(Put(_number(record.sequence), record.delivery_id))
        self.items.change(changes)
        if before is not None:
            self._numbers.pop(before.sequence, None)
        self._numbers[record.sequence] = record.delivery_id

    def get(self, delivery_id: str) -> DeliveryRecord | None:
        found = self.items.get(f"{DELIVERY}{delivery_id}")
        return None if found is None else record_of(found)

    def deliveries(self) -> list[DeliveryRecord]:
        return sorted((record_of(said) for _, said in self.items.all(DELIVERY)), key=lambda r: r.sequence)

    def seen(self, signature: str) -> tuple[str, str] | None:
        return self._seen.get(signature)

    def remember(self, signature: str, delivery_id: str, state: str) -> None:
        self.items.change([Put(f"{SEEN}{signature}", [delivery_id, state])])
        self._seen[signature] = delivery_id, state

    def refusals(self) -> list[Refusal]:
        return sorted((Refusal(**said) for _, said in self.items.all(REFUSAL)), key=lambda r: r.manifest)

    def set_refusals(self, refusals: Iterable[Refusal]) -> None:
        self.items.replace(REFUSAL, {r.signature: asdict(r) for r in refusals})

    def authority(self) -> list[Authority]:
        found = (Authority(**said) for _, said in self.items.all(AUTHORITY))
        return sorted(found, key=lambda a: (a.payer_id, a.billing_period))

    def decide(self, authority: Authority) -> None:
        name = f"{AUTHORITY}{authority.payer_id}#{authority.billing_period}"
        self.items.change([Put(name, asdict(authority))])

    @cached_property
    def _numbers(self) -> dict[int, str]:
        """Read once: whoever holds the lease is the only one who gives numbers."""
        return {int(number): str(delivery_id) for number, delivery_id in self.items.all(NUMBER)}

    @cached_property
    def _seen(self) -> dict[str, tuple[str, str]]:
        """Read once: a source has as many listings as months, and each is asked for."""
        return {signature: (said[0], said[1]) for signature, said in self.items.all(SEEN)}


def _number(sequence: int) -> str:
    return f"{NUMBER}{sequence:012d}"
