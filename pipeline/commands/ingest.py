"""`finlake ingest`: take in what AWS has delivered since the last time."""

from __future__ import annotations

from typing import Annotated

import typer

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
    from pipeline.run_view import RunView

    settings = resolve_settings(config, lake=lake, source=source)
    out = Output(json)
    if dry_run:
        payload = steps.preview(settings)
        out.emit(payload, lambda console: RunView(console, settings.language).previewed(payload))
        return
    with out.progress() as bar:
        payload = steps.run_ingest(settings, bar, wait)
    out.emit(payload, lambda console: RunView(console, settings.language).ingested(payload))
    if payload["refused"] and not accept_refused:
        raise typer.Exit(int(ExitCode.DELIVERY_REFUSED))
    if not payload["changed"] and nothing_new_exit_code:
        raise typer.Exit(nothing_new_exit_code)
