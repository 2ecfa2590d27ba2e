"""`finlake anomalies`: what was unusual, and what people say of it."""

from __future__ import annotations

import getpass
from typing import Annotated, Literal

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

commands = typer.Typer(help="Anomalies of cost, usage and metrics.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `anomalies` to the command line."""
    app.add_typer(commands, name="anomalies")


@commands.command("list")
def list_anomalies(
    lake: LakeOption = None,
    config: ConfigOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also those that ended more than 30 days ago.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the anomalies of the newest scoring run, the newest first, with their labels."""
    from pipeline.models.anomalies import listed
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake)
    payload = listed(settings, every=every)
    Output(json).emit(payload, lambda console: ModelsView(console, settings.language).anomalies(payload))


@commands.command("label")
def label(
    anomaly_id: Annotated[
        str, typer.Argument(metavar="ANOMALY", help="Its id, as finlake anomalies list shows it.")
    ],
    said: Annotated[
        Literal["anomaly", "false_alarm", "expected"],
        typer.Argument(metavar="LABEL", help="anomaly, false_alarm or expected."),
    ],
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Why.", show_default=False)
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="NAME", help="Who says so. Otherwise: who runs this.", show_default=False
        ),
    ] = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Say what an anomaly was. The next scoring takes it into account, and the mart shows it.

    A `false_alarm` raises the bar for the same kind at the same place, a second one mutes it; `expected` covers these days of
    each month. The newest label of an anomaly counts.
    """
    from pipeline.models.anomalies import labelled
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake)
    payload = labelled(settings, anomaly_id, said, by or getpass.getuser(), note, wait)
    Output(json).emit(
        payload,
        lambda console: ModelsView(console, settings.language).say(
            "labelled", anomaly=anomaly_id, label=said
        ),
    )
