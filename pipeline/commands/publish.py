"""`finlake publish` and `finlake rollback`: which build readers see."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, TargetOption, resolve_settings

BuildOption = Annotated[
    str | None,
    typer.Option(
        "--build", metavar="BUILD_ID", help="The build to show. Otherwise: see above.", show_default=False
    ),
]


def register(app: typer.Typer) -> None:
    """Add `publish` and `rollback` to the command line."""
    app.command("publish")(publish)
    app.command("rollback")(rollback)


def publish(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    build: BuildOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Show the newest audited build to readers: all marts at once, the former build stays one command away."""
    from pipeline import steps
    from pipeline.run_view import RunView

    settings = resolve_settings(config, target=target, lake=lake)
    payload = steps.run_publish(settings, wait, build)
    Output(json).emit(payload, lambda console: RunView(console, settings.language).published(payload))


def rollback(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    build: BuildOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Go back to the build that was published before. Bronze and silver stay as they are."""
    from pipeline import steps
    from pipeline.run_view import RunView

    settings = resolve_settings(config, target=target, lake=lake)
    payload = steps.run_rollback(settings, wait, build)
    Output(json).emit(payload, lambda console: RunView(console, settings.language).published(payload))
