"""`finlake status`: how the lake is, and what runs in it now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from finlake.errors import ExitCode, UsageError
from pipeline.console import (
    ConfigOption,
    JsonOption,
    LakeOption,
    Output,
    TargetOption,
    resolve_settings,
    stdout_console,
)

if TYPE_CHECKING:
    from pipeline.status import StatusReader


def register(app: typer.Typer) -> None:
    """Add `status` to the command line."""
    app.command("status")(status)


def status(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing it, until Ctrl-C.")] = False,
    fail_on_refused: Annotated[
        bool, typer.Option("--fail-on-refused", help="Exit with 3 where a refused delivery is open.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Show months and deliveries, how fresh and final, what was refused, what is published, what runs.

    Only looks: it takes no lock and may be asked while an ingest or a build runs.
    """
    from finlake.clock import utc_now
    from finlake.lake import open_lake
    from pipeline.status import StatusReader
    from pipeline.status_view import view
    from pipeline.targets import target_of

    settings = resolve_settings(config, target=target, lake=lake)
    opened = open_lake(settings.lake)
    built = target_of(opened, settings)
    reader = StatusReader(opened, built.builds)
    if watch:
        if json or not stdout_console().is_terminal:
            raise UsageError.of("watch_needs_terminal")
        keep_showing(reader, settings.language, built.seconds_between_looks)
        return int(ExitCode.OK)
    said = reader.look()
    Output(json).emit(said, lambda console: console.print(view(said, settings.language, utc_now())))
    return int(ExitCode.DELIVERY_REFUSED if fail_on_refused and said["refused"] else ExitCode.OK)


def keep_showing(reader: StatusReader, language: str, every: float) -> None:
    """Show the status anew, each `every` seconds, until Ctrl-C."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from finlake.clock import utc_now
    from finlake.messages import text
    from pipeline.status_view import view

    def picture() -> Group:
        now = utc_now()
        foot = Text(text("status.watching", language, when=f"{now:%H:%M:%S}"), style="dim")
        return Group(view(reader.look(), language, now), foot)

    try:
        with Live(picture(), console=stdout_console(), auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                time.sleep(every)
                live.update(picture(), refresh=True)
    except KeyboardInterrupt:
        return
