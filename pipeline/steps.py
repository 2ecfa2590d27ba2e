"""The steps that commands and `finlake run` are made of: each opens the lake, holds its lock, reports, and cleans up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finlake.cleanup import CleanupManager
from finlake.clock import utc_now
from finlake.errors import UsageError
from finlake.lake import MARKER, Lake, create_or_open, open_lake
from finlake.objects import exists
from finlake.report import RunReport
from finlake.settings import Settings
from pipeline.ingest import Progress, ingest, open_ledger, plan

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@contextmanager
def writing(settings: Settings, command: str, wait: float, *, create: bool = False) -> Iterator[tuple[Lake, RunReport]]:
    """A writing run on the settings' lake: the lock, a report that is written whatever happens, and the clean-up at its end."""
    lake = create_or_open(settings.lake, settings.engine) if create else open_lake(settings.lake)
    with lake.writing(wait), RunReport(command, Path(lake.reports), lake=lake.root) as report:
        try:
            yield lake, report
        finally:
            if lake.is_local:
                report.cleanup = CleanupManager(Path(lake.root), settings.cleanup, utc_now()).run().as_dict()


def preview(settings: Settings) -> dict[str, Any]:
    """What an ingest would take in. Reads manifests only."""
    lake = open_lake(settings.lake) if exists(f"{settings.lake}/{MARKER}") else None
    _, found, new = plan(required_source(settings), open_ledger(lake) if lake else None)
    return {
        "new": [
            {
                "billing_period": d.manifest.billing_period,
                "export_id": d.manifest.export_id,
                "manifest": d.manifest.stat.key,
                "files": len(d.files),
                "byte_count": sum(f.size for f in d.files),
            }
            for d in new
        ],
        "unchanged": len(found.deliveries) - len(new),
        "refused": [error.as_dict() for _, error, _ in found.refusals],
    }


def run_ingest(settings: Settings, bar: Bar, wait: float = 0.0) -> dict[str, Any]:
    """Take in what is new. Returns the JSON-ready account of it."""
    source = required_source(settings)
    with writing(settings, "ingest", wait, create=True) as (lake, report):
        result = ingest(lake, settings, source, report, bar_progress(bar, "ingest"))
        report.details["changed"] = result.changed
    return account(report)


def account(report: RunReport) -> dict[str, Any]:
    """A finished run's report as the payload of its command."""
    said = report.as_dict()
    details = said.pop("details", {})
    return said | details | {"report": str(report.path)}


def bar_progress(bar: Bar, name: str) -> Progress:
    """Ingest's callbacks on a rich progress display."""
    task = bar.add_task(name, total=None)

    def doing(what: str) -> None:
        bar.update(task, description=what if len(what) < 60 else f"{what[:28]}…{what[-30:]}")

    return Progress(
        total=lambda count: bar.update(task, total=count), advance=lambda: bar.advance(task), doing=doing
    )


def required_source(settings: Settings) -> str:
    if settings.source is None:
        raise UsageError(
            "no source is given",
            where="--source",
            intact="nothing was changed",
            next_step="give --source DIR|s3://bucket/prefix, set FINLAKE_SOURCE, or write `source:` into finlake.yml",
        )
    return settings.source


