"""Bring silver to what bronze says: of each export and month the newest delivery, one commit each, only where it is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from finlake.contracts import arrow_schema, load_contract
from finlake.engines.bill import DuckDBEngine
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.ledger import DeliveryRecord
from finlake.tables import delivery_files, open_table, replace_partition, table_files
from spark_jobs.silver import billing_line_items, delivery_costs
from spark_jobs.silver.facts import Facts

LINES, COSTS = "billing_line_items", "delivery_costs"
_COMPILED: dict[tuple[str, int], str] = {}
"""SQL of a job by (view, recipe): a view's name says its shape, and compiling takes seconds."""


def current_of(stored: Iterable[DeliveryRecord]) -> DeliveryRecord | None:
    """The delivery that a month shows: the last one taken in; but one that AWS dated before another that was taken in
    earlier never counts, and an empty one counts only where there is no other."""
    current: DeliveryRecord | None = None
    newest = ""
    known = sorted(stored, key=lambda r: r.sequence)
    for record in [r for r in known if r.line_count] or known:
        at = (record.delivered_at or "") if record.dated else newest
        if at >= newest:
            current, newest = record, at
    return current


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
        """SQL of the canonical lines of any stored delivery, made from bronze: the bill's memory."""
        files = delivery_files(
            self.lake, str(record.bronze_table), str(record.generation), record.delivery_id
        )
        view = self.engine.raw_view(
            files, {key: getattr(record, key) for key in billing_line_items.DELIVERY_KEYS}
        )
        if (view, self._recipe) not in _COMPILED:
            raw, services = self.engine.frame(view), self.engine.frame(self._services)
            lines = billing_line_items.transform(raw, services, self.facts, self.engine.functions)
            _COMPILED[view, self._recipe] = self.engine.sql(lines)
        return _COMPILED[view, self._recipe]

    def _write_lines(self, record: DeliveryRecord) -> None:
        contract = load_contract("silver", LINES)
        reader = self.engine.reader(self.lines_of(record), arrow_schema(contract))
        reach("before_silver_commit")
        replace_partition(
            self.lake,
            contract,
            {"export_id": record.export_id, "billing_period": record.billing_period},
            reader,
            {f"lines/{_month(record)}": record.sequence, f"recipe/{_month(record)}": self._recipe},
            {"delivery_id": record.delivery_id},
        )
        reach("after_silver_commit")

    def _write_costs(self, record: DeliveryRecord, is_current: bool) -> None:
        contract = load_contract("silver", COSTS)
        month = {"export_id": record.export_id, "billing_period": record.billing_period}
        if is_current:
            self.engine.partition_view(
                "canonical_lines", table_files(self.lake, "silver", LINES, month), month
            )
        else:
            self.engine.view("canonical_lines", self.lines_of(record))
        replace_partition(
            self.lake,
            contract,
            month | {"delivery_id": record.delivery_id},
            self.engine.reader(self._costs_sql(), arrow_schema(contract)),
            {f"costs/{record.delivery_id}": self._recipe},
            {"delivery_id": record.delivery_id},
        )
        reach("after_costs_commit")

    def _costs_sql(self) -> str:
        if (COSTS, self._recipe) not in _COMPILED:
            frame = self.engine.frame("canonical_lines")
            _COMPILED[COSTS, self._recipe] = self.engine.sql(
                delivery_costs.transform(frame, self.engine.functions)
            )
        return _COMPILED[COSTS, self._recipe]

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
