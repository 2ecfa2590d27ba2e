"""Ingest of metrics: from the files of a metric stream to silver.resource_metrics. Safe to kill and to repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

import pyarrow as pa

from collect.metrics.discover import MetricFile, discover
from collect.metrics.read import points
from collect.source import MovedUnderReader, Source, open_source
from finlake import __version__
from finlake.clock import utc_now
from finlake.engines.factory import open_engine
from finlake.errors import DeliveryRefused, NotFound
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.ledger import text_of
from finlake.ledgers import may_write, metric_ledger
from finlake.messages import message
from finlake.metric_ledger import MetricBatch, MetricLedger, MetricRefusal, TakenFile
from finlake.metric_points import days_of, empty_points, mend, points_table, store_batch
from finlake.report import RunReport
from finlake.settings import Settings
from pipeline.ingest import Progress
from pipeline.metrics_silver import MetricsWriter
from pipeline.metrics_state import refused
from pipeline.quarantine import keep_reason

FILES_AT_ONCE, POINTS_AT_ONCE = 5000, 500_000
"""A bronze commit takes so many files or points: bounds memory, and what a kill makes to be done again."""
READERS = 8


@dataclass
class MetricsResult:
    """What an ingest of metrics found and did. `repeated`: files whose content was stored under another name;
    `days`: day -> rows of silver written."""

    files: int = 0
    points: int = 0
    repeated: int = 0
    unchanged: int = 0
    days: dict[str, int] = field(default_factory=dict)
    refusals: list[MetricRefusal] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.files or self.days)

    def as_dict(self) -> dict[str, object]:
        """The account of it, JSON-ready."""
        return {
            "changed": self.changed,
            "files": self.files,
            "points": self.points,
            "repeated": self.repeated,
            "unchanged": self.unchanged,
            "days": sorted(self.days),
            "refused": [refused(r) for r in self.refusals],
        }


def open_metric_ledger(lake: Lake) -> MetricLedger:
    """The lake's ledger of metric files, mended from the Delta log, where this process may: that is the truth."""
    ledger = metric_ledger(lake)
    if may_write(lake):
        mend(lake, ledger)
    return ledger


def plan(location: str, ledger: MetricLedger | None) -> tuple[Source, list[MetricFile], list[MetricFile]]:
    """The source, its metric files, and those neither stored nor refused by this finlake. Raises NotFound where it has none."""
    source = open_source(location)
    found = discover(source)
    if not found:
        raise NotFound.of("metric_source_empty", where=location)
    if ledger is None:
        return source, found, found
    settled = ledger.known([file.mark for file in found])
    settled |= {r.mark for r in ledger.refusals() if r.refused_by == __version__}
    return source, found, [file for file in found if file.mark not in settled]


def ingest_metrics(
    lake: Lake, settings: Settings, location: str, report: RunReport, progress: Progress
) -> MetricsResult:
    """Take in every new metric file of a source and bring silver up to it. The caller holds the lake's writer lock."""
    result = MetricsResult()
    with (
        closing(open_metric_ledger(lake)) as ledger,
        closing(open_engine(lake.engine, lake.root, settings.spark_remote)) as engine,
    ):
        with report.step("metrics discover") as step:
            source, found, new = plan(location, ledger)
            step.rows = len(found)
        progress.total(len(new))
        if new:
            engine.check()
        with report.step("metrics bronze") as step:
            refusals = _Intake(lake, ledger, source, result, progress).take_in(new)
            step.rows = result.points
        _settle(lake, ledger, found, refusals, result)
        result.unchanged = len(found) - len(new) - sum(r.mark not in refusals for r in result.refusals)
        with report.step("metrics silver") as step:
            result.days = MetricsWriter(lake, engine, ledger, progress.doing).converge()
            step.rows = sum(result.days.values())
    report.details["metrics"] = result.as_dict()
    return result


def metrics_of_run(lake: Lake, settings: Settings, report: RunReport, progress: Progress) -> bool:
    """The metrics of a whole run: whether any changed. A source that holds none is told, and the bill goes on."""
    if settings.metrics_source is None:
        return False
    try:
        return ingest_metrics(lake, settings, settings.metrics_source, report, progress).changed
    except NotFound as error:
        report.warn(error)
        return False


@dataclass
class _Batch:
    """What the next bronze commit takes."""

    files: list[TakenFile] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=lambda: [empty_points()])
    contents: set[str] = field(default_factory=set)
    points: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.files) >= FILES_AT_ONCE or self.points >= POINTS_AT_ONCE

    def add(self, file: TakenFile, rows: pa.Table | None) -> None:
        """One more file; `rows` is None where its content is stored already."""
        self.files.append(file)
        if rows is not None:
            self.tables.append(rows)
            self.contents.add(file.content_id)
            self.points += rows.num_rows


@dataclass
class _Intake:
    """Reads files and commits them in batches."""

    lake: Lake
    ledger: MetricLedger
    source: Source
    result: MetricsResult
    progress: Progress

    def take_in(self, files: list[MetricFile]) -> dict[str, MetricRefusal]:
        """Store what can be read. Returns mark -> refusal of the others."""
        refusals: dict[str, MetricRefusal] = {}
        batch = _Batch()
        with ThreadPoolExecutor(READERS) as pool:
            for file, content in self._contents(pool, files):
                try:
                    batch.add(*self._read(file, content, batch.contents))
                except DeliveryRefused as error:
                    refusals[file.mark] = _refusal(file, error)
                self.progress.advance()
                if batch.is_full:
                    self._commit(batch)
                    batch = _Batch()
        if batch.files:
            self._commit(batch)
        return refusals

    def _contents(
        self, pool: ThreadPoolExecutor, files: list[MetricFile]
    ) -> Iterator[tuple[MetricFile, bytes | None]]:
        """Each file with its bytes, some read ahead; None where it was replaced or removed meanwhile."""
        waiting = iter(files)
        while some := list(islice(waiting, READERS * 8)):
            yield from zip(some, pool.map(self._bytes, some), strict=True)

    def _bytes(self, file: MetricFile) -> bytes | None:
        try:
            content = self.source.read(file.stat)
        except MovedUnderReader:
            return None
        return content if len(content) == file.stat.size else None

    def _read(
        self, file: MetricFile, content: bytes | None, now: set[str]
    ) -> tuple[TakenFile, pa.Table | None]:
        """A file's record, and its points: None where the same content is stored already, or is about to be."""
        if content is None:
            raise DeliveryRefused.of("metric_file_moved", where=file.stat.key)
        content_id = hashlib.sha256(content).hexdigest()[:32]
        rows = points_table(
            (content_id, position, *point)
            for position, point in enumerate(points(file.stat.key, content), start=1)
        )
        days = tuple(day.isoformat() for day in days_of(rows))
        at, modified = (_instant(i) for i in (file.delivered_at, file.stat.modified_at))
        taken = TakenFile(file.mark, file.stat.key, content_id, at, modified, rows.num_rows, days)
        if content_id in now or self.ledger.has_content(content_id):
            self.result.repeated += 1
            return taken, None
        return taken, rows

    def _commit(self, batch: _Batch) -> None:
        said = MetricBatch(self.ledger.sequence() + 1, tuple(batch.files))
        self.progress.doing(message("doing.storing_points", points=batch.points, files=len(batch.files)))
        store_batch(self.lake, said, pa.concat_tables(batch.tables))
        self.ledger.take_over([said])
        reach("after_metrics_ledger")
        self.result.files += len(batch.files)
        self.result.points += batch.points


def _settle(
    lake: Lake,
    ledger: MetricLedger,
    found: list[MetricFile],
    refusals: dict[str, MetricRefusal],
    result: MetricsResult,
) -> None:
    """Keep the refusals of files that still lie there as they were read, and say once why."""
    present, known = {file.mark for file in found}, {r.mark: r for r in ledger.refusals()}
    kept = {mark: r for mark, r in known.items() if mark in present and mark not in ledger.known([mark])}
    result.refusals = sorted((kept | refusals).values(), key=lambda r: r.key)
    ledger.set_refusals(result.refusals)
    for refusal in result.refusals:
        if refusal.mark not in known:
            keep_reason(lake, refusal.key, refused(refusal))


def _refusal(file: MetricFile, error: DeliveryRefused) -> MetricRefusal:
    by = "" if error.code == "metric_file_moved" else __version__
    return MetricRefusal(file.mark, file.stat.key, dict(error.as_dict()), by, str(text_of(utc_now())))


def _instant(instant: datetime) -> str:
    """UTC text of fixed width: sorts by time."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"
