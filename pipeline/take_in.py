"""One delivery from its source into bronze: claim, copy, check, commit. Killed anywhere, done again, it gives the same table."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from collect.exports.check import Checked, check_files
from collect.exports.check_csv import no_csv, to_column
from collect.exports.discover import Delivery
from collect.exports.fetch import Landed, fetch, recognise
from collect.exports.oddities import lines_of_other_months, unknown_types
from collect.exports.totals import MEASURES
from collect.exports.unzip import unzipped
from collect.source import Source
from finlake.bronze import BronzeFile, store_delivery
from finlake.clock import utc_now
from finlake.engines.bill import fold_csv
from finlake.errors import DeliveryRefused, Warned
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.ledger import DeliveryRecord, Ledger, Refusal, text_of
from finlake.machine_faults import is_the_machines
from finlake.messages import Said, message
from pipeline.quarantine import keep_reason
from spark_jobs.silver.facts import charge_types

Part = Callable[[str], AbstractContextManager[None]]
"""Times a part of a step: Step.part of the run's report."""


def _silent(_: int) -> None:
    """Progress of bytes that were counted before."""


@dataclass
class Intake:
    """The tools of one run of intake, and its progress callbacks: bytes copied, and what is being done now."""

    lake: Lake
    ledger: Ledger
    source: Source
    copied: Callable[[int], None] = field(default=lambda _: None)
    doing: Callable[[Said], None] = field(default=lambda _: None)
    part: Part = field(default=lambda _: nullcontext())

    def take_in(self, delivery: Delivery) -> DeliveryRecord:
        """Store a delivery in bronze. Raises DeliveryRefused, after which nothing of it is left but the refusal's record.

        Returns its record: `stored`; `held` where it has no line but its month had some; or the record that it had already.
        """
        folder = self.lake.landing / f"claim-{hashlib.sha256(delivery.signature.encode()).hexdigest()[:16]}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            self.doing(message("doing.copying", file=delivery.manifest.stat.key))
            counted = self.copied
            if self._looks_known(delivery):
                with self.part("compare"):
                    again = self.ledger.get(recognise(self.source, delivery, counted))
                if again and again.state == "stored":
                    return again
                counted = _silent
            with self.part("copy"):
                landed = fetch(self.source, delivery, folder, counted)
            reach("after_copy")
            known = self.ledger.get(landed.delivery_id)
            if known and known.state == "stored":
                return known
            record = self._claim(delivery, landed, known)
            landed = replace(landed, files=tuple(unzipped(landed.files)))
            with self.part("check"):
                checked = check_files(
                    landed.files,
                    delivery.manifest.file_format,
                    lambda key: self.doing(message("doing.checking", file=key)),
                    delivery.manifest.source_format,
                )
            reach("after_check")
            with self.part("bronze commit"):
                return self._store(delivery, landed, checked, record, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _looks_known(self, delivery: Delivery) -> bool:
        """Whether bronze holds a delivery of that export and month with the same names and sizes: then it is worth looking
        whether the content is the same before anything is copied."""
        manifest = delivery.manifest
        named = zip(manifest.keys, delivery.files, strict=True)
        sizes = sorted((key, stat.size) for key, stat in named)
        return any(
            sizes == sorted((file["key"], file["size"]) for file in known.files)
            for known in self.ledger.stored(manifest.export_id, manifest.billing_period)
        )

    def _claim(self, delivery: Delivery, landed: Landed, known: DeliveryRecord | None) -> DeliveryRecord:
        manifest = delivery.manifest
        record = DeliveryRecord(
            delivery_id=landed.delivery_id,
            export_id=manifest.export_id,
            source_format=manifest.source_format,
            billing_period=manifest.billing_period,
            sequence=known.sequence if known else self.ledger.next_sequence(),
            state="claimed",
            manifest=manifest.stat.key,
            version_id=manifest.version_id,
            delivered_at=text_of(manifest.delivered_at),
            dated=manifest.dated,
            file_count=len(landed.files),
            byte_count=landed.byte_count,
            files=[
                {"key": key, "size": c.size, "sha256": c.sha256}
                for key, c in zip(manifest.keys, landed.copied, strict=True)
            ],
        )
        self.ledger.put(record)
        reach("after_claim")
        return record

    def _store(
        self, delivery: Delivery, landed: Landed, checked: Checked, record: DeliveryRecord, folder: Path
    ) -> DeliveryRecord:
        manifest, rows = delivery.manifest, sum(checked.rows)
        record = record.with_state(
            "claimed",
            line_count=rows,
            totals=_totals(checked),
            warnings=[
                warning.as_dict()
                for warning in (
                    *checked.warnings,
                    *lines_of_other_months(checked.totals, manifest.billing_period),
                    *unknown_types(checked.totals, charge_types()),
                )
            ],
            bronze_table=manifest.bronze_table,
            ingested_at=text_of(utc_now()),
        )
        if rows == 0:
            return self._store_empty(record)
        self.doing(message("doing.storing_lines", count=rows, period=manifest.billing_period))
        files = self._bronze_files(landed, checked, manifest.file_format, folder)
        keys = {
            "export_id": record.export_id,
            "billing_period": record.billing_period,
            "delivery_id": record.delivery_id,
        }
        generation = store_delivery(self.lake, manifest.bronze_table, keys, files, record.as_dict())
        stored = record.with_state("stored", generation=generation)
        self.ledger.put(stored)
        reach("after_ledger_stored")
        return stored

    def _store_empty(self, record: DeliveryRecord) -> DeliveryRecord:
        """A header without a line is no error, but it never erases a month that had lines: then it is held."""
        had_lines = any(d.line_count for d in self.ledger.stored(record.export_id, record.billing_period))
        settled = record.with_state("stored")
        if had_lines:
            why = Warned.of("empty_delivery_held")
            settled = record.with_state("held", reason=why.what, warnings=[*record.warnings, why.as_dict()])
        self.ledger.put(settled)
        return settled

    def _bronze_files(
        self, landed: Landed, checked: Checked, file_format: str, folder: Path
    ) -> list[BronzeFile]:
        if file_format == "parquet":
            return [BronzeFile(path, path.name) for _, path in landed.files]
        target = folder / "lines.parquet"
        try:
            rows = fold_csv([path for _, path in landed.files], checked.headers, target, to_column)
        except duckdb.Error as error:
            if is_the_machines(error):
                raise
            raise no_csv(landed.files[0][0], error) from error
        if rows != sum(checked.rows):
            raise DeliveryRefused.of(
                "readers_disagree", where=landed.files[0][0], first=sum(checked.rows), second=rows
            )
        return [BronzeFile(target, target.name)]


def quarantine(lake: Lake, ledger: Ledger, refusal: Refusal, *, is_new: bool) -> None:
    """Keep a new refusal's reason, and note it at the deliveries that were claimed for its manifest."""
    if is_new:
        said = refusal.error | {"manifest": refusal.manifest, "refused_at": refusal.refused_at}
        keep_reason(lake, refusal.manifest, said)
    for record in ledger.deliveries():
        if record.state == "claimed" and record.manifest == refusal.manifest:
            ledger.put(
                record.with_state("refused", reason=f"{refusal.error['what']} ({refusal.error['where']})")
            )


def _totals(checked: Checked) -> list[dict[str, Any]]:
    return [
        {"payer_id": payer, "currency": currency, "line_count": checked.totals.lines[payer, currency]}
        | {measure: _plain(sums.get(measure)) for measure in MEASURES}
        for (payer, currency), sums in sorted(checked.totals.sums.items())
    ]


def _plain(value: Decimal | None) -> str | None:
    """None for a measure that the export doesn't deliver."""
    return None if value is None else format(value, "f")
