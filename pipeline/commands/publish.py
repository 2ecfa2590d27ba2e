"""`finlake publish` and `finlake rollback`: which build readers see."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

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
    build: BuildOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Show the newest audited build to readers: all marts at once, the former build stays one command away."""
    from pipeline import steps

    payload = steps.run_publish(resolve_settings(config, lake=lake), wait, build)
    Output(json).emit(payload, lambda console: say(console, payload))


def rollback(
    lake: LakeOption = None,
    config: ConfigOption = None,
    build: BuildOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Go back to the build that was published before. Bronze and silver stay as they are."""
    from pipeline import steps

    payload = steps.run_rollback(resolve_settings(config, lake=lake), wait, build)
    Output(json).emit(payload, lambda console: say(console, payload))


def say(console: Console, payload: dict[str, Any]) -> None:
    """What readers see now, for people."""
    if not payload["changed"]:
        console.print(f"Nothing to publish: readers see {payload['build_id']} already.")
        return
    console.print(f"[bold]Published {payload['build_id']}[/]: {', '.join(payload['marts'])}")
    console.print(f"in {payload['database']}")
    if payload["previous"]:
        console.print(f"One command back: finlake rollback (to {payload['previous'][0]})")
