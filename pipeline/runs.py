"""The frame around a command that writes: a report, and the clean-up at the end, also when it fails."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from finlake.cleanup import CleanupManager, CleanupReport
from finlake.clock import utc_now
from finlake.errors import FinlakeError, LakeBusy
from finlake.report import RunReport

if TYPE_CHECKING:
    from finlake.lake import Lake
    from finlake.settings import Settings


@contextmanager
def recorded_run(command: str, lake: Lake, settings: Settings) -> Iterator[RunReport]:
    """Report a run of `command` on a lake and clean up after it.

    Enter it outside of `lake.writing()`: the clean-up takes the writer lock itself when the command has let
    go of it.
    """
    with RunReport(command, lake.reports, lake=lake.root) as report:
        try:
            yield report
        finally:
            report.cleanup = clean_up(lake, settings)


def clean_up(
    lake: Lake, settings: Settings, *, dry_run: bool = False, keep_landing: Collection[str] = ()
) -> dict[str, Any]:
    """Clean the lake up under its lock; what stands in the way is told in the result, never raised."""
    if not lake.is_local:
        return _not_done("the clean-up of lakes on S3 comes later", dry_run)
    manager = CleanupManager(
        lake.root, settings.cleanup, utc_now(), keep_builds=settings.publish.keep_builds, dry_run=dry_run
    )
    try:
        with lake.writing():
            return manager.run(keep_landing=keep_landing).as_dict()
    except LakeBusy as busy:
        return _not_done(busy.what, dry_run)
    except (FinlakeError, OSError) as error:
        return _not_done(str(error), dry_run)


def _not_done(reason: str, dry_run: bool) -> dict[str, Any]:
    report = CleanupReport(dry_run=dry_run)
    report.skip(".", reason)
    return report.as_dict()
