"""Bring silver to what bronze says: of each export and month the newest delivery, one commit each, only where it is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from finlake.bronze import delivery_files
from finlake.contracts import Contract, load_contract
from finlake.engines.bill import DuckDBEngine
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.ledger import DeliveryRecord
from finlake.partitions import commit_partition
from finlake.tables import open_table, table_files
from spark_jobs.silver import billing_line_items, delivery_costs
from spark_jobs.silver.facts import Facts

LINES, COSTS = "billing_line_items", "delivery_costs"
_COMPILED: dict[tuple[str, int], str] = {}
"""SQL of a job by (view, recipe): a view's name says its shape, and compiling takes seconds."""


def in_time(stored: Iterable[DeliveryRecord]) -> list[DeliveryRecord]:
    """Deliveries of one export and month, oldest first; the last is the one that the month shows.

    As taken in, but by AWS's own times where they are known; empty ones count only where there is no other.
    """
    known = sorted(stored, key=lambda r: r.sequence)
    placed: list[tuple[str, DeliveryRecord]] = []
    newest = ""
    for record in [r for r in known if r.line_count] or known:
        at = (record.delivered_at or "") if record.dated else newest
        newest = max(newest, at)
        placed.append((at, record))
    return [record for _, record in sorted(placed, key=lambda pair: pair[0])]


def current_of(stored: Iterable[DeliveryRecord]) -> DeliveryRecord | None:
    """The delivery that a month shows: the newest in time."""
    return next(reversed(in_time(stored)), None)


def by_period(records: Iterable[DeliveryRecord]) -> dict[tuple[str, str], list[DeliveryRecord]]:
    """(export, billing period) -> its stored deliveries that have lines or hold an empty month."""
    groups: dict[tuple[str, str], list[DeliveryRecord]] = defaultdict(list)
    for record in records:
        if record.state == "stored":
            groups[record.export_id, record.billing_period].append(record)
    return groups


class SilverWriter:
    """Replaces silver's partitions; knows from the Delta logs what is already there."""

    def __init__(
        self, lake: Lake, engine: DuckDBEngine, facts: Facts, doing: Callable[[str], None] = lambda _: None
    ) -> None:
        self.lake, self.engine, self.facts, self.doing = lake, engine, facts, doing
        self._recipe = facts.fingerprint()
        self._services = engine.rows_table("services", facts.service_rows(), ("service", "title", "category"))

    def converge(self, records: Iterable[DeliveryRecord]) -> list[DeliveryRecord]:
        """Write what is missing or was made by an older recipe. Returns the deliveries whose lines silver now shows anew."""
        written = []
        for (export_id, period), stored in sorted(by_period(records).items()):
            current = current_of(stored)
            if current is None or not current.line_count:
                continue
            if not self._is_there(current):
                self.doing(f"silver {period} of {export_id}")
                self._write_lines(current)
                written.append(current)
            for record in stored:
                if record.line_count and not self._has_costs(record):
                    self._write_costs(record, record.delivery_id == current.delivery_id)
        return written

    def lines_of(self, record: DeliveryRecord) -> str:
        """SQL of the canonical lines of any stored delivery, made from bronze: the bill's memory.

        The queries are made once for each shape of delivery and once for all, then pointed at this delivery's views.
        """
        table, mark = str(record.bronze_table), record.delivery_id
        files = delivery_files(self.lake, table, str(record.generation), mark)
        keys = {key: getattr(record, key) for key in billing_line_items.DELIVERY_KEYS}
        shape, F = self.engine.raw_view(f"raw_{mark}", files, keys), self.engine.functions
        delivered = self._once(shape, lambda: billing_line_items.delivered(self.engine.frame(shape), F))
        self.engine.view(f"delivered_{mark}", delivered.replace(f'"{shape}"', f'"raw_{mark}"'))
        lines = self._once(
            LINES, lambda: self._canonical(self.engine.frame(self.engine.view("delivered", delivered)))
        )
        return lines.replace('"delivered"', f'"delivered_{mark}"')

    def _canonical(self, delivered: Any) -> Any:
        services = self.engine.frame(self._services)
        return billing_line_items.canonical(delivered, services, self.facts, self.engine.functions)

    def _once(self, name: str, frame: Callable[[], Any]) -> str:
        """The SQL of a frame, made at the first call and kept: making it costs seconds, running it doesn't."""
        if (name, self._recipe) not in _COMPILED:
            _COMPILED[name, self._recipe] = self.engine.sql(frame())
        return _COMPILED[name, self._recipe]

    def _write_lines(self, record: DeliveryRecord) -> None:
        contract = load_contract("silver", LINES)
        lines = self.lines_of(record)
        commit_partition(
            self.lake,
            contract,
            {"export_id": record.export_id, "billing_period": record.billing_period},
            self._writing(lines, contract),
            {f"lines/{_month(record)}": record.sequence, f"recipe/{_month(record)}": self._recipe},
            {"delivery_id": record.delivery_id},
        )
        reach("after_silver_commit")

    def _write_costs(self, record: DeliveryRecord, is_current: bool) -> None:
        contract, functions = load_contract("silver", COSTS), self.engine.functions
        month = {"export_id": record.export_id, "billing_period": record.billing_period}
        if is_current:
            self.engine.partition_view(
                "canonical_lines", table_files(self.lake, "silver", LINES, month), month
            )
        else:
            self.engine.view("canonical_lines", self.lines_of(record))
        costs = self._once(
            COSTS, lambda: delivery_costs.transform(self.engine.frame("canonical_lines"), functions)
        )
        commit_partition(
            self.lake,
            contract,
            month | {"delivery_id": record.delivery_id},
            self._writing(costs, contract),
            {f"costs/{record.delivery_id}": self._recipe},
            {"delivery_id": record.delivery_id},
        )
        reach("after_costs_commit")

    def _writing(self, query: str, contract: Contract) -> Callable[[str], None]:
        def write(folder: str) -> None:
            self.engine.write(query, contract, folder)
            reach("before_silver_commit")

        return write

    def _is_there(self, record: DeliveryRecord) -> bool:
        table = open_table(self.lake, "silver", LINES)
        if table is None:
            return False
        same = table.transaction_version(f"lines/{_month(record)}") == record.sequence
        return same and table.transaction_version(f"recipe/{_month(record)}") == self._recipe

    def _has_costs(self, record: DeliveryRecord) -> bool:
        table = open_table(self.lake, "silver", COSTS)
        return table is not None and table.transaction_version(f"costs/{record.delivery_id}") == self._recipe


def _month(record: DeliveryRecord) -> str:
    return f"{record.export_id}/{record.billing_period}"
