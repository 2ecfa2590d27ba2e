"""`finlake build`: make and audit the marts of what changed."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings


def register(app: typer.Typer) -> None:
    """Add `build` to the command line."""
    app.command("build")(build)


def build(
    lake: LakeOption = None,
    config: ConfigOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Build every month anew, not only the changed ones.")
    ] = False,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Build the marts with dbt and check them; readers don't see them before `finlake publish`.

    Only months whose bill changed are built anew. Where a check or the reconciliation with the delivered bill fails,
    the build is thrown away (exit code 6) and what is published stays.
    """
    from pipeline import steps

    settings = resolve_settings(config, lake=lake)
    out = Output(json)
    with out.progress() as bar:
        payload = steps.run_build(settings, bar, wait, full=full)
    out.emit(payload, lambda console: say(console, payload))


def say(console: Console, payload: dict[str, Any]) -> None:
    """What was built and what the checks found, for people."""
    if not payload["changed"]:
        console.print(f"Nothing new to build: {payload['build_id']} holds all that silver holds.")
        return
    periods = payload["periods"]
    console.print(
        f"[bold]Built {payload['build_id']}[/]: {len(periods)} months, {periods[0]} to {periods[-1]}"
    )
    rows = payload["reconciliation"]
    off = sum(not row["is_reconciled"] for row in rows)
    console.print(
        f"Reconciled with the delivered bill: {len(rows) - off} of {len(rows)} figures equal to the last decimal"
    )
    for warning in payload["warnings"]:
        console.print(f"[yellow]warning[/] {escape(warning)}")
