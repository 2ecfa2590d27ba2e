"""The ledger's embedded form: an SQLite file in the lake's state folder."""

from __future__ import annotations

import json
from collections.abc import Iterable

from finlake.ledger.base import Ledger
from finlake.ledger.records import Authority, DeliveryRecord, Refusal, record_from
from finlake.sqlite_file import SqliteFile

FILE = "ledger.sqlite"
"""Its name in the lake's state folder."""
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


class SqliteLedger(SqliteFile, Ledger):
    """SQLite ledger of one lake. Every method is one transaction; the lake's writer lock keeps writers apart.

    `read_only` opens an existing file for looking at, also while a run writes. Raises sqlite3.OperationalError.
    """

    schema = _SCHEMA

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
        return record_from(row[0]) if row else None

    def deliveries(self) -> list[DeliveryRecord]:
        """All deliveries in the order of their sequence."""
        return [
            record_from(row[0]) for row in self._db.execute("select record from deliveries order by sequence")
        ]

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
