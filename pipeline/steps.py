"""The steps that commands and `finlake run` are made of: each opens the lake, holds its lock, reports, and cleans up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finlake import interrupts
from finlake.cleanup import CleanupManager
from finlake.clock import utc_now
from finlake.errors import NotFound, UsageError
from finlake.lake import MARKER, Lake, check_engine, check_ledger, create_or_open, open_lake
from finlake.messages import Said, told
from finlake.objects import exists
from finlake.report import RunReport, trim_reports
from finlake.running import visible
from finlake.settings import Settings
from finlake.warehouse import Builds, Pointer
from pipeline.build import build, marts
from pipeline.ingest import Progress, facts_of, ingest, open_ledger, plan
from pipeline.metrics import metrics_of_run
from pipeline.targets import Target, target_of

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@contextmanager
def writing(
    settings: Settings,
    command: str,
    wait: float,
    *,
    create: bool = False,
    any_engine: bool = False,
    any_ledger: bool = False,
) -> Iterator[tuple[Lake, RunReport]]:
    """A writing run on the settings' lake: the lock, a report that is written whatever happens, and the clean-up at its end.

    Raises ConfigurationError where another engine than the settings' writes the lake, but for `any_engine`, and where its
    ledger is another one, but for `any_ledger`.
    """
    lake = created(settings) if create else open_lake(settings.lake)
    if not any_engine:
        check_engine(lake, settings.engine)
    if not any_ledger:
        check_ledger(lake, settings.ledger)
    with (
        lake.writing(wait),
        RunReport(command, lake.reports, lake=lake.root) as report,
        visible(lake, report),
    ):
        try:
            yield lake, report
        except Exception as error:
            if interrupts.asked():
                raise KeyboardInterrupt from error
            raise
        finally:
            if lake.is_local:
                report.cleanup = CleanupManager(Path(lake.root), settings.cleanup, utc_now()).run().as_dict()
            else:
                with suppress(OSError):  # the next run trims; this one's outcome counts
                    trim_reports(lake.reports, settings.cleanup.max_reports)


def created(settings: Settings) -> Lake:
    """The settings' lake, made as they say where there is none."""
    return create_or_open(settings.lake, settings.engine, settings.ledger)


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
        result = ingest(
            lake, settings, source, report, bar_progress(bar, "ingest", report, settings.language)
        )
        report.details["changed"] = result.changed
    return account(report)


def run_build(settings: Settings, bar: Bar, wait: float = 0.0, *, full: bool = False) -> dict[str, Any]:
    """Build and audit the marts of what changed. Returns the JSON-ready account of it."""
    with writing(settings, "build", wait) as (lake, report), closing(open_ledger(lake)) as ledger:
        target = target_of(lake, settings)
        made = build(
            lake,
            target,
            ledger,
            facts_of(settings),
            report,
            bar_progress(bar, "build", report, settings.language).doing,
            full=full,
        )
        newest = made or target.builds.builds()[0]
        report.details |= {
            "changed": made is not None,
            "build_id": newest.build_id,
            "periods": list(newest.built_periods),
        }
    return account(report)


def run_all(settings: Settings, bar: Bar, wait: float = 0.0) -> dict[str, Any]:
    """Ingest (the bill, and metrics where their source is set), build and publish in one run under one lock.

    Returns the account of all of it.
    """
    source = required_source(settings)
    with writing(settings, "run", wait, create=True) as (lake, report):
        callbacks = bar_progress(bar, "run", report, settings.language)
        result = ingest(lake, settings, source, report, callbacks)
        metrics = metrics_of_run(lake, settings, report, callbacks)
        target = target_of(lake, settings)
        builds, before = target.builds, target.builds.pointer()
        with closing(open_ledger(lake)) as ledger:
            made = build(lake, target, ledger, facts_of(settings), report, callbacks.doing)
        with report.step("publish"):
            pointer = builds.publish(_newest(builds), utc_now(), settings.publish.keep_builds)
            builds.forget_old(settings.publish.keep_builds)
        published = _published(target, before, pointer)
        changed = result.changed or metrics or made is not None or published["changed"]
        shown = builds.build(pointer.build_id)
        report.details |= published | {
            "changed": changed,
            "ingested": result.changed,
            "built": made is not None,
            "periods": list(shown.built_periods),
        }
        if "reconciliation" not in report.details:
            report.details["reconciliation"] = target.reconciliation(shown)
    return account(report)


def run_publish(settings: Settings, wait: float = 0.0, build_id: str | None = None) -> dict[str, Any]:
    """Publish the newest audited build, or the one named. Raises NotFound where there is none."""
    with writing(settings, "publish", wait) as (lake, report):
        target = target_of(lake, settings)
        builds, before = target.builds, target.builds.pointer()
        with report.step("publish"):
            pointer = builds.publish(build_id or _newest(builds), utc_now(), settings.publish.keep_builds)
            builds.forget_old(settings.publish.keep_builds)
        report.details |= _published(target, before, pointer)
    return account(report)


def run_rollback(settings: Settings, wait: float = 0.0, build_id: str | None = None) -> dict[str, Any]:
    """Make the build before the published one (or the one named) what readers see. Raises NotFound where there is none."""
    with writing(settings, "rollback", wait) as (lake, report):
        target = target_of(lake, settings)
        builds, before = target.builds, target.builds.pointer()
        wanted = build_id or (before.previous[0] if before and before.previous else None)
        if wanted is None:
            raise NotFound.of("build_none_earlier", where=lake.root)
        with report.step("rollback"):
            pointer = builds.rollback(wanted, utc_now(), settings.publish.keep_builds)
        report.details |= _published(target, before, pointer)
    return account(report)


def _newest(builds: Builds) -> str:
    found = builds.candidate()
    if found is None:
        raise NotFound.of("build_none_audited", where=builds.lake.root)
    return found


def _published(target: Target, before: Pointer | None, pointer: Pointer) -> dict[str, Any]:
    return {
        "changed": before is None or before.build_id != pointer.build_id,
        "build_id": pointer.build_id,
        "published_at": pointer.published_at,
        "previous": list(pointer.previous),
        "database": target.place(pointer.build_id),
        "marts": marts(),
    }


def account(report: RunReport) -> dict[str, Any]:
    """A finished run's report as the payload of its command."""
    said = report.as_dict()
    details = said.pop("details", {})
    return said | details | {"report": report.path}


def bar_progress(bar: Bar, name: str, report: RunReport, language: str) -> Progress:
    """Ingest's callbacks on a rich progress display, in its reader's language, and in what `finlake status` sees of the run."""
    task = bar.add_task(name, total=None)

    def doing(said: Said) -> None:
        report.tell(said)
        what = told(said, language)
        bar.update(task, description=what if len(what) < 60 else f"{what[:28]}…{what[-30:]}")

    return Progress(
        total=lambda count: bar.update(task, total=count), advance=lambda: bar.advance(task), doing=doing
    )


def required_source(settings: Settings) -> str:
    if settings.source is None:
        raise UsageError.of("no_source")
    return settings.source
