"""`finlake demo` (what `make run` calls): a bill becomes published, reconciled marts, by Airflow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finlake import names
from finlake.errors import ExitCode
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

if TYPE_CHECKING:
    from pipeline.airflow_run import RunOutcome
    from pipeline.demo_view import Summary

MONTHS = 14


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("demo")(demo)


def demo(
    lake: LakeOption = None,
    sample: Annotated[
        Path, typer.Option(help="Where the sample organisation is, or is to be written.", metavar="DIR")
    ] = Path(names.DEFAULT_SOURCE),
    months: Annotated[int, typer.Option(help="How many months the sample has.")] = MONTHS,
    ui: Annotated[bool, typer.Option("--ui", help="Keep Airflow's UI up at the end, until Ctrl-C.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a SYNTHETIC bill with Airflow, publish its marts and prove them; again, it changes nothing."""
    from pipeline import demo as steps
    from pipeline.demo_report import published_build
    from pipeline.demo_view import Progress, show_summary
    from pipeline.steps import created

    settings = resolve_settings(config, lake=lake, source=str(sample))
    out, watch, language = Output(as_json), steps.Stopwatch(), settings.language
    progress = Progress(out, language)
    told: list[Summary] = []

    def tell(outcome: RunOutcome) -> None:
        progress.hide()
        if outcome.failed is not None:
            raise steps.failure(outcome)
        summary = steps.summary_of(outcome, opened, before, watch, language)
        told.append(summary)
        out.emit(payload(summary), lambda console: show_summary(console, summary, language))

    with progress.shown():
        source = Path(str(settings.source))
        steps.write_sample(source, months, progress, watch, language)
        opened = created(settings)
        before = published_build(opened)
        home = steps.airflow_home(opened, str(source))
        with steps.started_airflow(home, progress, watch, language) as airflow:
            outcome = airflow.run(watch)
            if ui:
                tell(outcome)
                airflow.keep_up(out)
        if not ui:
            tell(outcome)
    raise typer.Exit(int(exit_code(told[0])))


def exit_code(summary: Summary) -> ExitCode:
    """OK; or AUDIT_FAILED where a period doesn't reconcile, DELIVERY_REFUSED where one is in quarantine."""
    if not summary.reconciled:
        return ExitCode.AUDIT_FAILED
    return ExitCode.DELIVERY_REFUSED if summary.refused else ExitCode.OK


def payload(summary: Summary) -> dict[str, object]:
    """The summary for `--json`: amounts as decimal strings, times in seconds."""
    return {**asdict(summary), "reconciled": summary.reconciled}
