"""`finlake train`, `score`, `backtest` and `models`: forecasts, anomalies and patterns, and the versions of what makes them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, TargetOption, resolve_settings

AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"],
        help="The last usage day to use. Otherwise: the last that later deliveries no longer make grow.",
        show_default=False,
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Also where nothing has changed since the last time.")
]
commands = typer.Typer(
    help="Versions of the forecast model: list, promote, roll back, drift.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add `train`, `score`, `backtest` and `models` to the command line."""
    app.command("train")(train)
    app.command("score")(score)
    app.command("backtest")(backtest)
    app.add_typer(commands, name="models")


def train(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    as_of: AsOfOption = None,
    force: ForceOption = False,
    nothing_new_exit_code: Annotated[
        int,
        typer.Option(
            "--nothing-new-exit-code", metavar="CODE", help="Exit code where no new champion came out."
        ),
    ] = 0,
    if_none: Annotated[
        bool, typer.Option("--if-none", help="Only where no version is champion yet.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Train the forecast model on the published bill and decide whether the new version becomes champion.

    It must beat the champion and the seasonal naive on the last windows, with its 80 % interval in the band; otherwise it
    stays challenger. Windows, weights, plots and the model card are kept in MLflow. A training that fails changes nothing.
    """
    from pipeline.models.train import run_train
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake, target=target)
    out = Output(json)
    with out.progress() as bar:
        payload = run_train(
            settings, bar, as_of=as_of.date() if as_of else None, force=force, if_none=if_none
        )
    out.emit(payload, lambda console: ModelsView(console, settings.language).trained(payload))
    if not (payload["promoted"] or payload["stands_in"]) and nothing_new_exit_code:
        raise typer.Exit(nothing_new_exit_code)


def score(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    as_of: AsOfOption = None,
    force: ForceOption = False,
    nothing_new_exit_code: Annotated[
        int,
        typer.Option("--nothing-new-exit-code", metavar="CODE", help="Exit code where nothing was new."),
    ] = 0,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Forecast with the champion, look for anomalies and patterns, and write them for the next build.

    One run is one origin: scored again, it replaces what it said; killed, the next run does it anew. Readers see it when a
    build is published.
    """
    from pipeline.models.score import run_score
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake, target=target)
    out = Output(json)
    with out.progress() as bar:
        payload = run_score(settings, bar, wait, as_of=as_of.date() if as_of else None, force=force)
    out.emit(payload, lambda console: ModelsView(console, settings.language).scored(payload))
    if not payload["changed"] and nothing_new_exit_code:
        raise typer.Exit(nothing_new_exit_code)


def backtest(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    first: Annotated[
        datetime | None,
        typer.Option(
            "--first",
            metavar="YYYY-MM-DD",
            formats=["%Y-%m-%d"],
            help="The first unseen day. Otherwise: the day before which the model was designed.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Also write the rows behind the tables here."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure the forecasts: what would have been said at each month end, beside what came and simple methods.

    Accuracy is 1 - WAPE, weighted by cost; the seasonal naive, a straight line on 30 days and the run rate are shown beside.
    Reads only.
    """
    from pipeline.models.backtest import run_backtest
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake, target=target)
    out = Output(json)
    with out.progress() as bar:
        payload = run_backtest(settings, bar, first=first.date() if first else None, folder=output)
    out.emit(payload, lambda console: ModelsView(console, settings.language).backtested(payload))


@commands.command("list")
def list_versions(lake: LakeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the versions: which is champion, what each was made from, and why it was or wasn't promoted."""
    from pipeline.models.versions import listed
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake)
    payload = listed(settings)
    Output(json).emit(payload, lambda console: ModelsView(console, settings.language).versions(payload))


@commands.command("promote")
def promote(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The version to make champion.")],
    lake: LakeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make a version champion by hand, whatever was measured."""
    from pipeline.models.versions import promoted
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake)
    payload = promoted(settings, version)
    Output(json).emit(payload, lambda console: ModelsView(console, settings.language).champion(payload))


@commands.command("rollback")
def rollback(
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="Go to this version. Otherwise: the champion before."),
    ] = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make the champion before the present one champion again. The next finlake score uses it."""
    from pipeline.models.versions import rolled_back
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake)
    payload = rolled_back(settings, to)
    Output(json).emit(payload, lambda console: ModelsView(console, settings.language).champion(payload))


@commands.command("drift")
def drift(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    no_drift_exit_code: Annotated[
        int, typer.Option("--no-drift-exit-code", metavar="CODE", help="Exit code where there is no drift.")
    ] = 0,
    json: JsonOption = False,
) -> None:
    """Say whether what came departs from what the champion was measured on: its error, its intervals, new spend."""
    from pipeline.models.versions import drifted
    from pipeline.models.view import ModelsView

    settings = resolve_settings(config, lake=lake, target=target)
    payload = drifted(settings)
    Output(json).emit(payload, lambda console: ModelsView(console, settings.language).drifted(payload))
    if not payload["signs"] and no_drift_exit_code:
        raise typer.Exit(no_drift_exit_code)
