"""`finlake ui` (what `make ui` calls): Airflow's own UI on a lake, until Ctrl-C."""

from __future__ import annotations

import typer

from finlake import names
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, SourceOption, resolve_settings


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("ui")(ui)


def ui(
    lake: LakeOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep Airflow and its UI up for a lake, on this machine only, until Ctrl-C. Its schedules are live."""
    from pipeline import demo as steps
    from pipeline.demo_view import Progress
    from pipeline.steps import created

    settings = resolve_settings(config, lake=lake, source=source)
    if settings.source is None:
        settings = resolve_settings(config, lake=lake, source=names.DEFAULT_SOURCE)
    out, watch = Output(as_json), steps.Stopwatch()
    progress = Progress(out, settings.language)
    home = steps.airflow_home(created(settings), str(settings.source))
    with progress.shown(), steps.started_airflow(home, progress, watch, settings.language) as airflow:
        progress.hide()
        airflow.keep_up(out)
