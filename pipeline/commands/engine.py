"""`finlake engine`: which engine runs the jobs and writes the lake, and what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

if TYPE_CHECKING:
    from rich.console import Console

    from finlake.settings import Settings

commands = typer.Typer(
    help="Which engine runs the jobs and writes the lake, and what it needs.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add `engine` to the command line."""
    app.add_typer(commands, name="engine")


@commands.command("show")
def show_engine(lake: LakeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Tell which engine writes the lake, and whether this machine has what engine spark needs."""
    settings = resolve_settings(config, lake=lake)
    payload = engine_of(settings)
    Output(json).emit(payload, lambda console: _show(console, payload, settings.language))


@commands.command("set")
def set_engine(
    engine: Annotated[
        Literal["duckdb", "spark"], typer.Argument(help="The engine that writes the lake from now on.")
    ],
    lake: LakeOption = None,
    config: ConfigOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Let another engine write the lake from now on. Both give the same tables: nothing is made anew."""
    settings = resolve_settings(config, lake=lake)
    payload = run_set(settings, engine, wait)
    Output(json).emit(payload, lambda console: _tell(console, payload, settings.language))


@commands.command("fetch")
def fetch_engine(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Fetch the JARs of engine spark ahead, by Maven, and check each by its SHA-256."""
    from finlake.engines.java import fetch_jars
    from finlake.messages import text

    settings = resolve_settings(config)
    folder = str(fetch_jars())
    Output(json).emit(
        {"jars": folder},
        lambda console: console.print(text("engine.fetched", settings.language, folder=folder), markup=False),
    )


def engine_of(settings: Settings) -> dict[str, Any]:
    """The lake's engine, Java's version here (None: none) and the folder of the JARs (None: not fetched). Only reads."""
    from finlake.engines.java import fetched_jars, java_version
    from finlake.lake import open_lake

    lake, jars = open_lake(settings.lake), fetched_jars()
    return {
        "lake": lake.root,
        "engine": lake.engine,
        "spark_remote": settings.spark_remote,
        "java": java_version(),
        "jars": str(jars) if jars else None,
    }


def run_set(settings: Settings, engine: str, wait: float = 0.0) -> dict[str, Any]:
    """Change the lake's engine under the writer lock. Returns the run's account."""
    from finlake.lake import change_engine
    from pipeline import steps

    with steps.writing(settings, "engine", wait, any_engine=True) as (lake, report), report.step("engine"):
        if lake.engine != engine:
            change_engine(lake, engine)
        report.details |= {"changed": lake.engine != engine, "engine": engine, "before": lake.engine}
    return steps.account(report)


def _show(console: Console, payload: dict[str, Any], language: str) -> None:
    from finlake.messages import text

    console.print(
        text("engine.writes", language, engine=payload["engine"], lake=payload["lake"]), markup=False
    )
    words = {"java": payload["java"] or "-", "jars": payload["jars"] or "-"}
    console.print(text("engine.machine", language, **words), markup=False)
    if payload["spark_remote"]:
        console.print(text("engine.remote", language, remote=payload["spark_remote"]), markup=False)


def _tell(console: Console, payload: dict[str, Any], language: str) -> None:
    from finlake.messages import text

    key = "engine.changed" if payload["changed"] else "engine.same"
    console.print(text(key, language, engine=payload["engine"], before=payload["before"]), markup=False)
