"""`finlake emr`: run a finlake command as a Spark job on EMR Serverless."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

commands = typer.Typer(help="Run a finlake command as a Spark job on EMR Serverless.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `emr` to the command line."""
    app.add_typer(commands, name="emr")


@commands.callback()
def group() -> None:
    """Run a finlake command as a Spark job on EMR Serverless."""


@commands.command("submit")
def submit(
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- COMMAND…", help="The command, for example: -- ingest --lake s3://…."),
    ],
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines",
            min=0,
            help="Lines that a month has. Otherwise: those of the largest delivery in the ledger of --lake.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the request; start nothing.")] = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Start the command as a job with engine spark, follow it to its end; Ctrl-C cancels it.

    Needs `emr.application`, `emr.role` and `emr.package` in the settings, and what `make emr-package` packs at that place.
    """
    from finlake.clock import utc_now
    from finlake.messages import text, told
    from pipeline import emr

    settings = resolve_settings(config, lake=lake)
    count = _known_lines(settings.lake) if lines is None else lines
    asked = emr.request(settings.emr, command, count, utc_now().isoformat())
    out = Output(json)
    if dry_run:
        out.emit(asked, lambda console: console.print_json(data=asked))
        return
    with out.progress() as bar:
        task = bar.add_task("emr", total=None)
        ended = emr.run(asked, lambda said: bar.update(task, description=told(said, settings.language)))
    payload: dict[str, Any] = {"job_run_id": ended["jobRunId"], "state": ended["state"]}
    out.emit(
        payload, lambda console: console.print(text("run.emr_done", settings.language, job=ended["jobRunId"]))
    )


def _known_lines(location: str) -> int:
    """What the ledger of a lake expects; 0 where there is no lake yet."""
    from finlake.lake import MARKER, open_lake
    from finlake.objects import exists
    from pipeline.emr import expected_lines
    from pipeline.status import read_ledger

    return expected_lines(read_ledger(open_lake(location))[0]) if exists(f"{location}/{MARKER}") else 0
