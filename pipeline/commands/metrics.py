"""`finlake metrics`: take in what CloudWatch metric streams delivered, and see what is refused."""

from __future__ import annotations

from typing import Annotated

import typer

from finlake.errors import ExitCode
from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

MetricsSourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="DIR|s3://BUCKET/PREFIX",
        help="Where Firehose delivers the metric streams. Otherwise: FINLAKE_METRICS_SOURCE, then finlake.yml.",
        show_default=False,
    ),
]
commands = typer.Typer(help="CloudWatch metrics of the resources.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add `metrics` to the command line."""
    app.add_typer(commands, name="metrics")


@commands.command("ingest")
def ingest(
    lake: LakeOption = None,
    source: MetricsSourceOption = None,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is new; write nothing.")] = False,
    accept_refused: Annotated[
        bool,
        typer.Option(
            "--accept-refused", help="Exit with 0 although files were refused (see finlake metrics refused)."
        ),
    ] = False,
    nothing_new_exit_code: Annotated[
        int, typer.Option("--nothing-new-exit-code", metavar="CODE", help="Exit code where nothing was new.")
    ] = 0,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Load new metric files into bronze and silver.resource_metrics.

    Each file is taken once, whatever its name; a damaged one is refused and told, the others go on. Points that come
    late or again replace what their hour and day showed. Run it again as often as you like.
    """
    from pipeline import metrics_steps
    from pipeline.metrics_view import MetricsView

    settings = resolve_settings(config, lake=lake, metrics_source=source)
    out = Output(json)
    if dry_run:
        planned = metrics_steps.preview(settings)
        out.emit(planned, lambda console: MetricsView(console, settings.language).previewed(planned))
        return
    with out.progress() as bar:
        payload = metrics_steps.run_ingest(settings, bar, wait)
    said = payload["metrics"]
    out.emit(payload, lambda console: MetricsView(console, settings.language).ingested(said))
    if said["refused"] and not accept_refused:
        raise typer.Exit(int(ExitCode.DELIVERY_REFUSED))
    if not said["changed"] and nothing_new_exit_code:
        raise typer.Exit(nothing_new_exit_code)


@commands.command("refused")
def refused(lake: LakeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the metric files that were refused, and why; exit with 3 where there is one. Only looks."""
    from finlake.lake import open_lake
    from pipeline.metrics_state import metrics_state
    from pipeline.metrics_view import MetricsView

    settings = resolve_settings(config, lake=lake)
    said = metrics_state(open_lake(settings.lake))
    Output(json).emit(said, lambda console: MetricsView(console, settings.language).state(said))
    if said["refused"]:
        raise typer.Exit(int(ExitCode.DELIVERY_REFUSED))
