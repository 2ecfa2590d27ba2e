"""`finlake maintain`: remove from the lake what no run, no setting and no table version needs any more."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

if TYPE_CHECKING:
    from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add `maintain` to the command line."""
    app.command("maintain")(maintain)


def maintain(
    lake: LakeOption = None,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would go; remove nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Remove leftovers, old cache, reports, logs and builds. No figure changes; published marts stay.

    Every run ends with the same clean-up; its limits are `cleanup` in finlake.yml.
    """
    from finlake.lake import open_lake
    from finlake.report import RunReport
    from pipeline.runs import clean_up

    settings = resolve_settings(config, lake=lake)
    opened = open_lake(settings.lake)
    with opened.writing():
        pass  # busy is told before anything is reported
    if dry_run:
        result = clean_up(opened, settings, dry_run=True)
        Output(json).emit(result, lambda console: _show(console, result, settings.language))
        return
    with RunReport("maintain", opened.reports, lake=opened.root) as report, report.step("clean up"):
        report.cleanup = result = clean_up(opened, settings)
    Output(json).emit(result, lambda console: _show(console, result, settings.language))


def _show(console: Console, result: dict[str, Any], language: str) -> None:
    from rich.markup import escape

    from finlake.messages import number, text

    megabytes = number(Decimal(result["bytes"]) / 1_000_000, language, places=1)
    if result["files"]:
        key = "cleanup.dry_run" if result["dry_run"] else "cleanup.done"
        console.print(text(key, language, count=result["files"], megabytes=megabytes))
    else:
        console.print(text("cleanup.nothing", language))
    if result["skipped"]:
        console.print(text("cleanup.skipped", language, count=result["skipped_total"]))
    for line in result["skipped"]:
        console.print(f"  {escape(line['path'])}: {escape(line['reason'])}")
