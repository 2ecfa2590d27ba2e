"""Bring silver to what bronze says: of each export and month the newest delivery, one commit each, only where it is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from collect.exports.json_cells import check_parquet
from finlake import objects
from finlake.bronze import delivery_files
from finlake.contracts import Contract, load_contract
from finlake.engines.bill import parquet_fault
from finlake.engines.protocol import Engine, Relation
from finlake.errors import DeliveryRefused
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.ledger import DeliveryRecord
from finlake.machine_faults import is_the_machines
from finlake.messages import Said, message
from finlake.partitions import commit_partition
from finlake.tables import open_table, table_files
from spark_jobs.code import code_fingerprint
from spark_jobs.silver import billing_line_items, delivery_costs
from spark_jobs.silver.facts import Facts

_OF_THE_CELLS = ("ConversionException", "OutOfRangeException")
_OF_THE_CELLS_ON_SPARK = (
    "CAST_INVALID_INPUT",
    "ARITHMETIC_OVERFLOW",
    "NUMERIC_VALUE_OUT_OF_RANGE",
    "CANNOT_PARSE_TIMESTAMP",
)
"""How DuckDB (by class) and Spark (by error condition) say that a value can't be what its column promises."""
LINES, COSTS = "billing_line_items", "delivery_costs"


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


class Unreadable(Exception):
    """A stored delivery whose files can't be read after all: its record, and why."""

    def __init__(self, record: DeliveryRecord, refusal: DeliveryRefused) -> None:
        super().__init__(refusal.what)
        self.record, self.refusal = record, refusal


class SilverWriter:
    """Replaces silver's partitions; knows from the Delta logs what is already there."""

    def __init__(
        self,
        lake: Lake,
        engine: Engine,
        facts: Facts,
        doing: Callable[[Said], None] = lambda _: None,
        part: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> None:
        self.lake, self.engine, self.facts, self.doing, self.part = lake, engine, facts, doing, part
        self._recipe = facts.fingerprint()
        self._code = f"{self._recipe} {code_fingerprint()}"
        self.written: list[DeliveryRecord] = []

    def converge(self, records: Iterable[DeliveryRecord]) -> list[DeliveryRecord]:
        """Write what is missing or was made by an older recipe. Returns the deliveries whose lines this writer made silver show.

        Raises Unreadable for the first delivery whose files are damaged; what was written before stays.
        """
        for (export_id, period), stored in sorted(by_period(records).items()):
            current = current_of(stored)
            if current is None or not current.line_count:
                continue
            if not self._is_there(current):
                self.doing(message("doing.silver_lines", period=period, export=export_id))
                with self._reading(current):
                    self._write_lines(current)
                self.written.append(current)
            for record in stored:
                if record.line_count and not self._has_costs(record):
                    with self._reading(record):
                        self._write_costs(record, record.delivery_id == current.delivery_id)
        return self.written

    @contextmanager
    def _reading(self, record: DeliveryRecord) -> Iterator[None]:
        """Tell a delivery that can't be read from every other failure, by reading its files once more."""
        try:
            yield
        except Exception as error:
            refusal = (
                None if is_the_machines(error) else self._fault(record) or _not_computable(record, error)
            )
            if refusal is None:
                raise
            raise Unreadable(record, refusal) from error

    def _fault(self, record: DeliveryRecord) -> DeliveryRefused | None:
        """What is wrong with a delivery's files: damaged bytes, or cells that an older finlake let in."""
        files = self._files(record)
        if fault := parquet_fault(files, self.lake.root):
            return DeliveryRefused.of("parquet_damaged", where=record.manifest, detail=fault)
        try:
            for system, path in map(objects.filesystem, files):
                with system.open_input_file(path) as handle:
                    check_parquet(record.manifest, pq.ParquetFile(handle))
        except DeliveryRefused as refusal:
            return refusal
        return None

    def _files(self, record: DeliveryRecord) -> list[str]:
        return delivery_files(self.lake, str(record.bronze_table), str(record.generation), record.delivery_id)

    def lines_of(self, record: DeliveryRecord) -> Relation:
        """The canonical lines of any stored delivery, made from bronze: the bill's memory.

        In two steps, so that what depends on the delivered columns is compiled once for each shape, the rest once for all.
        """
        files = self._files(record)
        keys = {key: getattr(record, key) for key in billing_line_items.DELIVERY_KEYS}
        raw = self.engine.raw(files, keys)
        delivered = self.engine.apply(billing_line_items.delivered, raw, key=f"delivered {self._code}")
        return self.engine.apply(
            lambda lines, services, F: billing_line_items.canonical(lines, services, self.facts, F),
            delivered,
            self._services,
            key=f"{LINES} {self._code}",
        )

    @cached_property
    def _services(self) -> Relation:
        columns = zip(*self.facts.service_rows(), strict=True)
        names = ("service", "title", "category")
        return self.engine.rows(pa.table([pa.array(c, pa.string()) for c in columns], names=list(names)))

    def _write_lines(self, record: DeliveryRecord) -> None:
        contract = load_contract("silver", LINES)
        with self.part("compile"):
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
        contract = load_contract("silver", COSTS)
        month = {"export_id": record.export_id, "billing_period": record.billing_period}
        lines = (
            self.engine.stored(table_files(self.lake, "silver", LINES, month), month)
            if is_current
            else self.lines_of(record)
        )
        with self.part("compile"):
            costs = self.engine.apply(delivery_costs.transform, lines, key=f"{COSTS} {self._code}")
        commit_partition(
            self.lake,
            contract,
            month | {"delivery_id": record.delivery_id},
            self._writing(costs, contract),
            {f"costs/{record.delivery_id}": self._recipe},
            {"delivery_id": record.delivery_id},
        )
        reach("after_costs_commit")

    def _writing(self, rows: Relation, contract: Contract) -> Callable[[str], None]:
        def write(folder: str) -> None:
            with self.part(f"write {contract.name}"):
                self.engine.write(rows, contract, folder)
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


def _not_computable(record: DeliveryRecord, error: Exception) -> DeliveryRefused | None:
    """The refusal of a delivery whose cells an engine could make nothing of; None where that isn't what the engine says."""
    said = " ".join(str(error).split())
    if type(error).__name__ in _OF_THE_CELLS or any(code in said for code in _OF_THE_CELLS_ON_SPARK):
        return DeliveryRefused.of("lines_not_computable", where=record.manifest, detail=said[:300])
    return None


def _month(record: DeliveryRecord) -> str:
    return f"{record.export_id}/{record.billing_period}"
