"""The steps of `finlake metrics`: preview and ingest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finlake.errors import UsageError
from finlake.lake import MARKER, open_lake
from finlake.objects import exists
from finlake.settings import Settings
from pipeline.metrics import ingest_metrics, open_metric_ledger, plan
from pipeline.steps import account, bar_progress, writing

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


def preview(settings: Settings) -> dict[str, Any]:
    """What an ingest of metrics would read. Lists only."""
    source = required_source(settings)
    ledger = open_metric_ledger(open_lake(settings.lake)) if exists(f"{settings.lake}/{MARKER}") else None
    try:
        _, found, new = plan(source, ledger)
    finally:
        if ledger:
            ledger.close()
    return {
        "new": len(new),
        "unchanged": len(found) - len(new),
        "byte_count": sum(file.stat.size for file in new),
        "first": new[0].delivered_at if new else None,
        "last": new[-1].delivered_at if new else None,
    }


def run_ingest(settings: Settings, bar: Bar, wait: float = 0.0) -> dict[str, Any]:
    """Take in the metric files that are new. Returns the JSON-ready account of it."""
    source = required_source(settings)
    with writing(settings, "metrics-ingest", wait, create=True) as (lake, report):
        result = ingest_metrics(
            lake, settings, source, report, bar_progress(bar, "metrics", report, settings.language)
        )
        report.details["changed"] = result.changed
    return account(report)


def required_source(settings: Settings) -> str:
    if settings.metrics_source is None:
        raise UsageError.of("no_metrics_source")
    return settings.metrics_source
