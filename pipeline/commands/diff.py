"""`finlake diff`: what AWS changed between two deliveries of a month, in money."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings


def register(app: typer.Typer) -> None:
    """Add `diff` to the command line."""
    app.command("diff")(diff)


def diff(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="Month of the bill, YYYY-MM.")],
    payer: Annotated[
        str | None, typer.Option("--payer", metavar="ID", help="Only this payer account.")
    ] = None,
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="ID", help="This export, not the one whose figures count."),
    ] = None,
    older: Annotated[
        str | None,
        typer.Option("--from", metavar="DELIVERY", help="Older delivery: its id or how it begins."),
    ] = None,
    newer: Annotated[
        str | None, typer.Option("--to", metavar="DELIVERY", help="Newer delivery: its id or how it begins.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="NAMES", help="Groups: account, service, category, day; comma-separated."
        ),
    ] = "account,service",
    lines: Annotated[
        bool, typer.Option("--lines", help="Compare line by line too; reads both deliveries from bronze.")
    ] = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what changed between two deliveries of a month, biggest change first; the last two if none is named.

    Earlier days are those that the older delivery covered already, new days those after; closing lines are tax,
    credits, refunds and fees of the month as a whole. Only looks; every delivery is kept, so any two can be asked.
    """
    from pipeline.diff import Wanted, changes
    from pipeline.diff_view import view

    _check_month(period)
    settings = resolve_settings(config, lake=lake)
    said = changes(settings, Wanted(period, payer, export, older, newer, _groups(by), lines))
    Output(json).emit(said, lambda console: console.print(view(said, settings.language)))


def _check_month(period: str) -> None:
    from finlake.errors import UsageError

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
        raise UsageError.of("month_wrong", where="PERIOD", month=period)


def _groups(names: str) -> tuple[str, ...]:
    from finlake.errors import UsageError
    from pipeline.diff import BY

    found = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    wrong = [name for name in found if name not in BY]
    if wrong or not found:
        groups = ", ".join(BY)
        if wrong:
            raise UsageError.of("diff_group_unknown", group=wrong[0], groups=groups)
        raise UsageError.of("diff_group_none", groups=groups)
    return found
