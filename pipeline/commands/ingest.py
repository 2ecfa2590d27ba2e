"""`finlake ingest`: take in what AWS has delivered since the last time."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from finlake.errors import ExitCode
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, SourceOption, resolve_settings

WaitOption = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", help="Wait so long for another writer of this lake to end."),
]


def register(app: typer.Typer) -> None:
    """Add `ingest` to the command line."""
    app.command("ingest")(ingest)


def ingest(
    lake: LakeOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is new; write nothing.")] = False,
    accept_refused: Annotated[
        bool,
        typer.Option(
            "--accept-refused", help="Exit with 0 although deliveries were refused (see finlake status)."
        ),
    ] = False,
    nothing_new_exit_code: Annotated[
        int, typer.Option("--nothing-new-exit-code", metavar="CODE", help="Exit code where nothing was new.")
    ] = 0,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Load new deliveries of the bill into bronze and silver.

    Each delivery is checked first; one that fails is refused as a whole and told, the others go on, and its month keeps
    what it had. Run it again as often as you like: what is loaded already isn't loaded twice.
    """
    from pipeline import steps

    settings = resolve_settings(config, lake=lake, source=source)
    out = Output(json)
    if dry_run:
        payload = steps.preview(settings)
        out.emit(payload, lambda console: _say_preview(console, payload))
        return
    with out.progress() as bar:
        payload = steps.run_ingest(settings, bar, wait)
    out.emit(payload, lambda console: say(console, payload))
    if payload["refused"] and not accept_refused:
        raise typer.Exit(int(ExitCode.DELIVERY_REFUSED))
    if not payload["changed"] and nothing_new_exit_code:
        raise typer.Exit(nothing_new_exit_code)


def say(console: Console, payload: dict[str, Any]) -> None:
    """What was taken in, held and refused, for people."""
    loaded = payload["deliveries"]
    lines = sum(d["line_count"] or 0 for d in loaded)
    if loaded:
        months = sorted({d["billing_period"] for d in loaded})
        console.print(
            f"[bold]{len(loaded)} new deliveries[/] with {lines:,} lines, months {months[0]} to {months[-1]}"
        )
    else:
        console.print(
            f"Nothing new: {payload['unchanged']} deliveries are loaded already, nothing was changed."
        )
    for warning in payload["warnings"]:
        console.print(f"[yellow]warning[/] {escape(warning)}")
    for key in payload["unsupported"]:
        console.print(f"[yellow]not loaded[/] {escape(key)}: finlake doesn't read this format yet")
    for refused in payload["refused"]:
        console.print(f"[red]refused[/] {escape(refused['where'])}\n  {escape(refused['what'])}")
        console.print(f"  stays intact: {escape(refused['intact'])}\n  next: {escape(refused['next_step'])}")


def _say_preview(console: Console, payload: dict[str, Any]) -> None:
    console.print(f"{len(payload['new'])} new deliveries, {payload['unchanged']} loaded already")
    for delivery in payload["new"]:
        size = delivery["byte_count"] / 1e6
        console.print(
            f"  {delivery['billing_period']}  {delivery['export_id']}  {delivery['files']} files, {size:.1f} MB"
        )
    for refused in payload["refused"]:
        console.print(f"[red]would be refused[/] {escape(refused['where'])}: {escape(refused['what'])}")
