"""The metric ledger's embedded form: an SQLite file of its own in the lake's state folder."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from finlake.metric_ledger.base import MetricLedger
from finlake.metric_ledger.records import MetricBatch, MetricRefusal, TakenFile
from finlake.sqlite_file import SqliteFile

_SCHEMA = """
create table if not exists metric_files (
  mark text primary key, key text not null, content_id text not null, delivered_at text not null,
  modified_at text not null, points integer not null, sequence integer not null);
create index if not exists metric_files_by_content on metric_files (content_id);
create table if not exists metric_content_days (
  content_id text not null, usage_date text not null, primary key (usage_date, content_id)) without rowid;
create table if not exists metric_days (usage_date text primary key, sequence integer not null);
create table if not exists metric_refusals (
  mark text primary key, key text not null, error text not null, refused_by text not null, refused_at text not null);
"""
FILE = "metrics.sqlite"
"""Its name in the lake's state folder."""
_TABLES = ("metric_files", "metric_content_days", "metric_days")
_AT_ONCE = 500


class SqliteMetricLedger(SqliteFile, MetricLedger):
    """Embedded form, on SQLite. Every method is one transaction; the lake's writer lock keeps writers apart.

    `read_only` opens an existing file for looking at, also while a run writes. Raises sqlite3.OperationalError.
    """

    schema = _SCHEMA

    def is_there(self) -> bool:
        """Whether the file has a metric ledger: one that no ingest of metrics has opened yet hasn't."""
        found = self._db.execute("select 1 from sqlite_master where name = 'metric_refusals'")
        return found.fetchone() is not None

    def sequence(self) -> int:
        """The newest batch that the ledger knows; 0 where it knows none."""
        found = self._db.execute("select coalesce(max(sequence), 0) from metric_files").fetchone()
        return int(found[0])

    def take_over(self, batches: Iterable[MetricBatch], *, anew: bool = False) -> None:
        """Note what bronze commits took, in their order; `anew` forgets first what was known of stored files.

        A day is to be made anew where a batch brought a content, or showed that one was delivered earlier than known.
        """
        with self._transaction() as db:
            for table in _TABLES if anew else ():
                db.execute(f"delete from {table}")
            for batch in sorted(batches, key=lambda b: b.sequence):
                for file in batch.files:
                    _note(db, batch.sequence, file)

    def known(self, marks: Sequence[str]) -> set[str]:
        """Those of the marks whose files bronze holds."""
        return {row[0] for row in self._within("select mark from metric_files where mark in ({})", marks)}

    def has_content(self, content_id: str) -> bool:
        found = self._db.execute("select 1 from metric_files where content_id = ? limit 1", (content_id,))
        return found.fetchone() is not None

    def days(self) -> dict[str, int]:
        """Day -> the batch that last changed what it is made of."""
        return {str(row[0]): int(row[1]) for row in self._db.execute("select * from metric_days order by 1")}

    def contents_of(self, day: str) -> list[tuple[str, str]]:
        """(content_id, its place in time as one text that sorts) of every content with points on a day."""
        query = """
            select content_id, min(delivered_at || ' ' || modified_at) from metric_content_days
            join metric_files using (content_id) where usage_date = ? group by content_id order by content_id"""
        return [(row[0], row[1]) for row in self._db.execute(query, (day,))]

    def totals(self) -> dict[str, int]:
        """How many files and different points bronze holds."""
        query = "select count(*), coalesce(sum(points), 0) from metric_files"
        different = "select coalesce(sum(points), 0) from (select max(points) as points from metric_files group by content_id)"
        return {
            "files": int(self._db.execute(query).fetchone()[0]),
            "points": int(self._db.execute(different).fetchone()[0]),
        }

    def refusals(self) -> list[MetricRefusal]:
        rows = self._db.execute(
            "select mark, key, error, refused_by, refused_at from metric_refusals order by key"
        )
        return [MetricRefusal(mark, key, json.loads(error), by, at) for mark, key, error, by, at in rows]

    def set_refusals(self, refusals: Iterable[MetricRefusal]) -> None:
        """Replace the open refusals by those of the present state of the source."""
        with self._transaction() as db:
            db.execute("delete from metric_refusals")
            db.executemany(
                "insert or replace into metric_refusals values (?, ?, ?, ?, ?)",
                [(r.mark, r.key, json.dumps(r.error), r.refused_by, r.refused_at) for r in refusals],
            )

    def _within(self, query: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows of a query on a list of any length, some hundred values at a time."""
        for start in range(0, len(values), _AT_ONCE):
            some = values[start : start + _AT_ONCE]
            yield from self._db.execute(query.format(", ".join("?" * len(some))), some)


def _note(db: sqlite3.Connection, sequence: int, file: TakenFile) -> None:
    before = db.execute(
        "select min(delivered_at || ' ' || modified_at) from metric_files where content_id = ?",
        (file.content_id,),
    ).fetchone()[0]
    db.execute(
        "insert or replace into metric_files values (?, ?, ?, ?, ?, ?, ?)",
        (file.mark, file.key, file.content_id, *file.place, file.points, sequence),
    )
    days = [(file.content_id, day) for day in file.days]
    db.executemany("insert or ignore into metric_content_days values (?, ?)", days)
    if before is None or " ".join(file.place) < before:
        db.executemany(
            "insert or replace into metric_days values (?, ?)", [(day, sequence) for day in file.days]
        )
