"""`finlake maintain`: remove from the lake what no run, no setting and no table version needs any more."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, TargetOption, resolve_settings

if TYPE_CHECKING:
    from rich.console import Console

    from finlake.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `maintain` to the command line."""
    app.command("maintain")(maintain)


def maintain(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would go; remove nothing.")] = False,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Remove leftovers, old cache, reports, logs and builds; figures and published marts stay.

    Every run ends with the same clean-up; its limits are `cleanup` in finlake.yml. Delta tables
    are vacuumed: files of versions older than seven days go. On S3 only that is done; on target athena the marts' Iceberg
    tables are compacted and vacuumed too.
    """
    settings = resolve_settings(config, target=target, lake=lake)
    result = preview(settings) if dry_run else run_maintain(settings, wait)
    Output(json).emit(result, lambda console: _show(console, result, settings.language))


def run_maintain(settings: Settings, wait: float = 0.0) -> dict[str, Any]:
    """Clean the lake up under its lock, with a report. Raises NotFound, LakeBusy."""
    from finlake.cleanup import CleanupReport
    from finlake.maintenance import keep_house
    from pipeline import steps
    from pipeline.targets import target_of

    with steps.writing(settings, "maintain", wait) as (
        lake,
        report,
    ):  # its end is the clean-up of every writing run
        with report.step("vacuum") as step:
            done = keep_house(lake)
            step.rows = sum(table.files_removed for table in done)
        report.details["tables"] = [vars(table) for table in done]
        with report.step("marts"):
            target_of(lake, settings).maintain()
    return (report.cleanup or CleanupReport().as_dict()) | {"tables": report.details["tables"]}


def preview(settings: Settings) -> dict[str, Any]:
    """What a clean-up would remove now. Raises NotFound."""
    from finlake.cleanup import CleanupManager, CleanupReport
    from finlake.clock import utc_now
    from finlake.lake import open_lake
    from finlake.maintenance import keep_house

    lake = open_lake(settings.lake)
    tables = [vars(table) for table in keep_house(lake, dry_run=True)]
    if not lake.is_local:
        return CleanupReport(dry_run=True).as_dict() | {"tables": tables}
    return CleanupManager(lake.root, settings.cleanup, utc_now(), dry_run=True).run().as_dict() | {
        "tables": tables
    }


def _show(console: Console, result: dict[str, Any], language: str) -> None:
    from rich.markup import escape

    from finlake.messages import number, text

    megabytes = number(Decimal(result["bytes"]) / 1_000_000, language, places=1)
    if result["files"]:
        key = "cleanup.dry_run" if result["dry_run"] else "cleanup.done"
        console.print(text(key, language, count=result["files"], megabytes=megabytes))
    else:
        console.print(text("cleanup.nothing", language))
    removed = sum(table["files_removed"] for table in result["tables"])
    if removed:
        key = "cleanup.tables_dry_run" if result["dry_run"] else "cleanup.tables"
        console.print(text(key, language, count=len(result["tables"]), files=removed))
    if result["skipped"]:
        console.print(text("cleanup.skipped", language, count=result["skipped_total"]))
    for line in result["skipped"]:
        console.print(f"  {escape(line['path'])}: {escape(line['reason'])}")
