"""`finlake report`: pages for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, TargetOption, resolve_settings

commands = typer.Typer(help="Pages for people.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `report` to the command line."""
    app.add_typer(commands, name="report")


@commands.command("ml")
def ml(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where the page is written.")
    ] = Path("finlake-insights.html"),
    backtest: Annotated[
        Path | None,
        typer.Option(
            "--backtest",
            metavar="DIR",
            help="Rows that finlake backtest --output wrote here.",
            show_default=False,
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(
            "--currency", help="Otherwise: that of the largest spend.", metavar="USD", show_default=False
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            "--language", help="en or pt-BR. Otherwise: the settings' language.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write an HTML page of insights: forecasts with intervals, backtest, anomalies on their series, patterns.

    One file of one currency, without anything from the network. What was not scored or measured says so on the page.
    """
    from pipeline.models.insights import write_page
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake, target=target)
    payload = write_page(settings, output, language or settings.language, backtest, currency)
    Output(json).emit(payload, lambda console: ModelsView(console, settings.language).page(payload))
