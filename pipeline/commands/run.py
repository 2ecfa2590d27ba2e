"""`finlake run`: ingest, build and publish in order, without Airflow."""

from __future__ import annotations

from typing import Annotated

import typer

from finlake.errors import ExitCode
from pipeline.commands.ingest import WaitOption
from pipeline.console import (
    ConfigOption,
    JsonOption,
    LakeOption,
    Output,
    SourceOption,
    TargetOption,
    resolve_settings,
)

MetricsSourceOption = Annotated[
    str | None,
    typer.Option(
        "--metrics-source",
        metavar="DIR|s3://BUCKET/PREFIX",
        help="Where metric streams are delivered. Otherwise: FINLAKE_METRICS_SOURCE, then finlake.yml, else none.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add `run` to the command line."""
    app.command("run")(run)


def run(
    lake: LakeOption = None,
    source: SourceOption = None,
    metrics_source: MetricsSourceOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Ingest, build and publish: from what AWS delivered to published marts. No Airflow needed."""
    from pipeline import steps
    from pipeline.run_view import RunView

    settings = resolve_settings(
        config, target=target, lake=lake, source=source, metrics_source=metrics_source
    )
    out = Output(json)
    with out.progress() as bar:
        payload = steps.run_all(settings, bar, wait)
    out.emit(payload, lambda console: RunView(console, settings.language).whole_run(payload))
    if payload["refused"] or payload.get("metrics", {}).get("refused"):
        raise typer.Exit(int(ExitCode.DELIVERY_REFUSED))
