"""`finlake build`: make and audit the marts of what changed."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, TargetOption, resolve_settings


def register(app: typer.Typer) -> None:
    """Add `build` to the command line."""
    app.command("build")(build)


def build(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
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
    from pipeline.run_view import RunView

    settings = resolve_settings(config, target=target, lake=lake)
    out = Output(json)
    with out.progress() as bar:
        payload = steps.run_build(settings, bar, wait, full=full)
    out.emit(payload, lambda console: RunView(console, settings.language).built(payload))
