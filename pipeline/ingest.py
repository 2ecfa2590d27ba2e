"""Ingest: from what the source holds to silver. One commit for each delivery and table; safe to kill and to repeat."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from collect.exports.discover import Delivery, Discovery, discover
from collect.exports.manifest import MOVED
from collect.source import Source, open_source
from finlake import __version__
from finlake.bronze import bronze_deliveries
from finlake.catalogue import Catalogue
from finlake.clock import utc_now
from finlake.engines.factory import open_engine
from finlake.errors import DeliveryRefused, NotFound, Warned
from finlake.lake import Lake
from finlake.ledger import DeliveryRecord, Ledger, Refusal, text_of
from finlake.ledgers import bill_ledger, may_write
from finlake.messages import Said
from finlake.report import RunReport
from finlake.settings import Settings
from pipeline.authority import doubts, restore, settle
from pipeline.control import write_control_tables
from pipeline.placing import follow_manifests
from pipeline.silver import SilverWriter, Unreadable
from pipeline.take_in import Intake, quarantine
from spark_jobs.silver.facts import Facts

REFUSED = f"refused by {__version__}"


@dataclass
class IngestResult:
    """What an ingest found and did. `loaded`: deliveries new in bronze; `shown`: those whose lines silver shows anew."""

    loaded: list[DeliveryRecord] = field(default_factory=list)
    shown: list[DeliveryRecord] = field(default_factory=list)
    held: list[DeliveryRecord] = field(default_factory=list)
    unchanged: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.loaded or self.shown)


@dataclass
class Progress:
    """Callbacks for people: how many deliveries there are, one more done, and what is being done."""

    total: Callable[[int], None] = field(default=lambda _: None)
    advance: Callable[[], None] = field(default=lambda: None)
    doing: Callable[[Said], None] = field(default=lambda _: None)


def open_ledger(lake: Lake) -> Ledger:
    """The lake's ledger, mended from the Delta logs, where this process may: they are the truth."""
    ledger = bill_ledger(lake)
    if may_write(lake):
        ledger.restore(bronze_deliveries(lake))
        restore(lake, ledger)
    return ledger


def facts_of(settings: Settings) -> Facts:
    return Facts(Catalogue.load(), settings.dimensions)


def plan(source_location: str, ledger: Ledger | None) -> tuple[Source, Discovery, list[Delivery]]:
    """What an ingest would take in: the source, all it holds, and the deliveries not stored, held or refused before."""
    source = open_source(source_location)
    found = discover(source)
    new = [d for d in found.deliveries if ledger is None or not _is_settled(ledger.seen(signature(d)))]
    return source, found, new


def _is_settled(seen: tuple[str, str] | None) -> bool:
    """Stored, held, or refused by this very finlake: a newer one may read what an older one couldn't."""
    return seen is not None and (not seen[1].startswith("refused") or seen[1] == REFUSED)


def signature(delivery: Delivery) -> str:
    return hashlib.sha256(delivery.signature.encode()).hexdigest()


def ingest(
    lake: Lake, settings: Settings, source_location: str, report: RunReport, progress: Progress
) -> IngestResult:
    """Take in every new delivery of a source and bring silver up to it. The caller holds the lake's writer lock."""
    result = IngestResult()
    with report.step("discover") as step:
        ledger = open_ledger(lake)
        shutil.rmtree(lake.landing, ignore_errors=True)
        source, found, new = plan(source_location, ledger)
        if not (found.deliveries or found.refusals or found.unsupported):
            raise _nothing_delivered(source_location)
        known = [ledger.seen(signature(d)) for d in found.deliveries if d not in new]
        result.unchanged = sum(seen is not None and seen[1] != REFUSED for seen in known)
        result.unsupported = [m.stat.key for m in found.unsupported]
        step.rows = len(found.deliveries)
        step.details = {"new": len(new), "unchanged": result.unchanged}
    progress.total(len(new))
    engine = open_engine(lake.engine, lake.root, settings.spark_remote)
    try:
        if new:
            engine.check()
        with report.step("bronze") as step:
            refusals = _take_in_all(
                Intake(lake, ledger, source, doing=progress.doing, part=step.part),
                found,
                new,
                result,
                progress,
            )
            step.rows = sum(r.line_count or 0 for r in result.loaded)
        _settle_refusals(lake, ledger, refusals, result)
        for record in follow_manifests(lake, ledger, found, signature):
            report.warn(
                Warned.of("month_follows_manifest", where=f"{record.billing_period} {record.export_id}")
            )
        with report.step("silver") as step:
            writer = SilverWriter(lake, engine, facts_of(settings), progress.doing, step.part)
            unreadable = _converge(writer, ledger, found, result)
            step.rows = sum(r.line_count or 0 for r in result.shown)
        if unreadable:
            _settle_refusals(lake, ledger, refusals + unreadable, result)
        with report.step("control") as step:
            settle(ledger)
            for doubt in doubts(ledger):
                report.warn(doubt)
            write_control_tables(lake, ledger)
    finally:
        engine.close()
        ledger.close()
    _tell(report, result)
    return result


def _converge(writer: SilverWriter, ledger: Ledger, found: Discovery, result: IngestResult) -> list[Refusal]:
    """Bring silver up to bronze. A delivery that turns out to be unreadable is refused after all; its month keeps what it had."""
    refusals: list[Refusal] = []
    marks = {d.manifest.stat.key: signature(d) for d in found.deliveries}
    while True:
        try:
            result.shown = writer.converge(ledger.deliveries())
            return refusals
        except Unreadable as error:
            record, told = error.record, error.refusal
            mark = marks.get(record.manifest, record.delivery_id)
            ledger.put(record.with_state("refused", reason=told.what))
            ledger.remember(mark, "", REFUSED)
            refusals.append(_refusal(record.manifest, told, record.billing_period, mark))
            result.loaded = [r for r in result.loaded if r.delivery_id != record.delivery_id]


def _nothing_delivered(source: str) -> NotFound:
    return NotFound.of("source_empty", where=source)


def _take_in_all(
    intake: Intake, found: Discovery, new: list[Delivery], result: IngestResult, progress: Progress
) -> list[Refusal]:
    refusals = [
        _refusal(key.key, error, manifest.billing_period if manifest else None, key.etag)
        for key, error, manifest in found.refusals
    ]
    before = {r.signature: r for r in intake.ledger.refusals()}
    stored = {r.delivery_id for r in intake.ledger.deliveries() if r.state == "stored"}
    for delivery in found.deliveries:
        mark = signature(delivery)
        if delivery not in new:
            if mark in before:
                refusals.append(before[mark])
            continue
        try:
            record = intake.take_in(delivery)
            intake.ledger.remember(mark, record.delivery_id, record.state)
            if record.delivery_id in stored:
                result.unchanged += 1
            else:
                (result.held if record.state == "held" else result.loaded).append(record)
        except DeliveryRefused as error:
            refusals.append(
                _refusal(delivery.manifest.stat.key, error, delivery.manifest.billing_period, mark)
            )
            if error.code != MOVED:
                intake.ledger.remember(mark, "", REFUSED)
        progress.advance()
    return refusals


def _refusal(key: str, error: DeliveryRefused, period: str | None, mark: str) -> Refusal:
    return Refusal(mark, key, period, dict(error.as_dict()), str(text_of(utc_now())))


def _settle_refusals(lake: Lake, ledger: Ledger, refusals: list[Refusal], result: IngestResult) -> None:
    known = {(r.manifest, r.error["what"]): r for r in ledger.refusals()}
    result.refusals = [known.get((r.manifest, r.error["what"]), r) for r in refusals]
    ledger.set_refusals(result.refusals)
    for refusal in result.refusals:
        quarantine(lake, ledger, refusal, is_new=(refusal.manifest, refusal.error["what"]) not in known)


def _tell(report: RunReport, result: IngestResult) -> None:
    report.details |= {
        "deliveries": [_brief(r) for r in result.loaded],
        "held": [_brief(r) for r in result.held],
        "refused": [
            r.error | {"manifest": r.manifest, "billing_period": r.billing_period} for r in result.refusals
        ],
        "unchanged": result.unchanged,
        "completed": len({r.delivery_id for r in result.shown} - {r.delivery_id for r in result.loaded}),
        "unsupported": result.unsupported,
    }
    for record in result.shown:
        for total in record.totals:
            report.add_total(billing_period=record.billing_period, delivery_id=record.delivery_id, **total)
    for record in [*result.loaded, *result.held]:
        for warning in record.warnings:
            report.warn(warning | {"where": f"{record.billing_period} {record.manifest}"})


def _brief(record: DeliveryRecord) -> dict[str, object]:
    names = (
        "delivery_id",
        "export_id",
        "billing_period",
        "source_format",
        "state",
        "line_count",
        "file_count",
        "byte_count",
        "delivered_at",
    )
    return {name: getattr(record, name) for name in names} | {"manifest": record.manifest}
