"""The ledger: which deliveries were claimed, stored, refused or held, whose figures count, and which builds exist.

It follows the Delta logs and can be made anew from them (`restore`). One interface; this is its embedded form on SQLite.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

State = Literal["claimed", "stored", "refused", "held"]

_SCHEMA = """
create table if not exists deliveries (
  delivery_id text primary key, export_id text not null, billing_period text not null, sequence integer not null unique,
  state text not null, record text not null);
create index if not exists deliveries_by_period on deliveries (export_id, billing_period, sequence);
create table if not exists seen (signature text primary key, delivery_id text not null, state text not null);
create table if not exists authority (
  payer_id text not null, billing_period text not null, export_id text not null, source_format text not null,
  reason text not null, decided_at text not null, primary key (payer_id, billing_period));
create table if not exists refusals (
  signature text primary key, manifest text not null, billing_period text, error text not null, refused_at text not null);
"""


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


class Ledger:
    """SQLite ledger of one lake. Every method is one transaction; the lake's writer lock keeps writers apart.

    `read_only` opens an existing file for looking at, also while a run writes. Raises sqlite3.OperationalError.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        if read_only:
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.executescript("pragma journal_mode=wal; pragma synchronous=full;")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("begin immediate")
        try:
            yield self._db
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:  # SQLite itself has rolled back where the disk is full
                self._db.execute("rollback")
            raise

    def next_sequence(self) -> int:
        """The number of the next delivery: one more than any so far."""
        return int(self._db.execute("select coalesce(max(sequence), 0) + 1 from deliveries").fetchone()[0])

    def put(self, record: DeliveryRecord) -> None:
        """Write a delivery's record, in place of the one it had."""
        with self._transaction() as db:
            db.execute(
                "insert or replace into deliveries values (?, ?, ?, ?, ?, ?)",
                (
                    record.delivery_id,
                    record.export_id,
                    record.billing_period,
                    record.sequence,
                    record.state,
                    json.dumps(record.as_dict()),
                ),
            )

    def get(self, delivery_id: str) -> DeliveryRecord | None:
        row = self._db.execute(
            "select record from deliveries where delivery_id = ?", (delivery_id,)
        ).fetchone()
        return _record(row[0]) if row else None

    def deliveries(self) -> list[DeliveryRecord]:
        """All deliveries in the order of their sequence."""
        return [
            _record(row[0]) for row in self._db.execute("select record from deliveries order by sequence")
        ]

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
        mended = 0
        for delivery_id, said in sorted(found.items(), key=lambda item: (item[1]["sequence"], item[0])):
            known = self.get(delivery_id)
            if known is None or known.state not in ("stored", "refused"):
                self.put(self._own_number(_from_dict(said | {"state": "stored"})))
                mended += 1
        return mended

    def _own_number(self, record: DeliveryRecord) -> DeliveryRecord:
        query = "select 1 from deliveries where sequence = ? and delivery_id <> ? and state <> 'claimed'"
        taken = self._db.execute(query, (record.sequence, record.delivery_id)).fetchone()
        return replace(record, sequence=self.next_sequence()) if taken else record

    def seen(self, signature: str) -> tuple[str, str] | None:
        """(delivery_id, state) of a delivery whose listing looked exactly like this, or None."""
        row = self._db.execute(
            "select delivery_id, state from seen where signature = ?", (signature,)
        ).fetchone()
        return (row[0], row[1]) if row else None

    def remember(self, signature: str, delivery_id: str, state: str) -> None:
        with self._transaction() as db:
            db.execute("insert or replace into seen values (?, ?, ?)", (signature, delivery_id, state))

    def refusals(self) -> list[Refusal]:
        """What the last ingest met and didn't load, by manifest."""
        rows = self._db.execute("select * from refusals order by manifest")
        return [Refusal(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]

    def set_refusals(self, refusals: Iterable[Refusal]) -> None:
        """Replace the open refusals by those of the present state of the source."""
        with self._transaction() as db:
            db.execute("delete from refusals")
            for r in refusals:
                db.execute(
                    "insert or replace into refusals values (?, ?, ?, ?, ?)",
                    (r.signature, r.manifest, r.billing_period, json.dumps(r.error), r.refused_at),
                )

    def authority(self) -> list[Authority]:
        rows = self._db.execute("select * from authority order by payer_id, billing_period")
        return [Authority(*row) for row in rows]

    def decide(self, authority: Authority) -> None:
        with self._transaction() as db:
            db.execute(
                "insert or replace into authority values (?, ?, ?, ?, ?, ?)",
                (
                    authority.payer_id,
                    authority.billing_period,
                    authority.export_id,
                    authority.source_format,
                    authority.reason,
                    authority.decided_at,
                ),
            )


def text_of(instant: datetime | None) -> str | None:
    """An instant as UTC ISO text, seconds kept to the microsecond."""
    return instant.astimezone(UTC).isoformat() if instant else None


def instant_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _record(text: str) -> DeliveryRecord:
    return _from_dict(json.loads(text))


def _from_dict(said: Mapping[str, Any]) -> DeliveryRecord:
    known = {name: said[name] for name in DeliveryRecord.__dataclass_fields__ if name in said}
    return DeliveryRecord(**known)
