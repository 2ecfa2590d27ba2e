"""What a ledger holds: deliveries, whose figures count, and what was refused. Instants are UTC ISO texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["claimed", "stored", "refused", "held"]


@dataclass(frozen=True)
class DeliveryRecord:
    """All that is known of one delivery. Times are UTC ISO texts; totals are decimal texts per payer and currency.

    Warnings are the dicts of finlake.errors.Warned; an older finlake kept lines of text. `reason` is in English.
    """

    delivery_id: str
    export_id: str
    source_format: str
    billing_period: str
    sequence: int
    state: State
    manifest: str
    version_id: str
    delivered_at: str | None
    dated: bool
    file_count: int
    byte_count: int
    line_count: int | None = None
    bronze_table: str | None = None
    generation: str | None = None
    ingested_at: str | None = None
    reason: str | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    totals: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[Any] = field(default_factory=list)

    def with_state(self, state: State, **changes: Any) -> DeliveryRecord:
        return replace(self, state=state, **changes)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def payers(self) -> list[str]:
        return sorted({total["payer_id"] for total in self.totals})


@dataclass(frozen=True)
class Authority:
    """Whose lines count for a payer and month, since when and why."""

    payer_id: str
    billing_period: str
    export_id: str
    source_format: str
    reason: str
    decided_at: str


@dataclass(frozen=True)
class Refusal:
    """A delivery that isn't loaded though its manifest lies in the source: the error's four parts, and since when."""

    signature: str
    manifest: str
    billing_period: str | None
    error: dict[str, Any]
    refused_at: str


def text_of(instant: datetime | None) -> str | None:
    """An instant as UTC ISO text, seconds kept to the microsecond."""
    return instant.astimezone(UTC).isoformat() if instant else None


def instant_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def record_from(text: str) -> DeliveryRecord:
    return record_of(json.loads(text))


def record_of(said: Mapping[str, Any]) -> DeliveryRecord:
    known = {name: said[name] for name in DeliveryRecord.__dataclass_fields__ if name in said}
    return DeliveryRecord(**known)
