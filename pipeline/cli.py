"""The `finlake` command: collects pipeline/commands and turns every outcome into words and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from finlake import __version__, interrupts
from finlake.errors import ExitCode, FinlakeError, UsageError
from pipeline.command_list import modules, offered, rank
from pipeline.console import speak
from pipeline.error_view import report, report_interruption
from pipeline.plain_errors import plain

HELP = "A FinOps lakehouse for AWS: the bill as tables that reconcile to the last decimal."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code, which the console script exits with."""
    interrupts.listen()
    speak(None)
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    finally:
        interrupts.forget()


def _run(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal without UTF-8, a file name that is no text
    try:
        result = build_app(_selected(arguments))(args=arguments, prog_name="finlake", standalone_mode=False)
        code = int(result) if isinstance(result, int) else int(ExitCode.OK)
        if code == ExitCode.INTERRUPTED:
            report_interruption(as_json)
        return code
    except FinlakeError as error:
        return _failed(error, as_json)
    except typer.TyperException as error:
        report(_usage_error(error), as_json)
        return int(ExitCode.USAGE)
    except (KeyboardInterrupt, typer.Abort):
        report_interruption(as_json)
        return int(ExitCode.INTERRUPTED)
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            return int(ExitCode.OK)  # the reader (`| head`) has all it wanted; Typer has quietened stdout
        return (
            stop.code
            if isinstance(stop.code, int)
            else int(ExitCode.OK if not stop.code else ExitCode.INTERNAL)
        )
    except Exception as error:
        return _failed(error, as_json)


def _failed(error: Exception, as_json: bool) -> int:
    """Tell of an error, or of the interruption that a library dressed up as one; the exit code."""
    if interrupts.asked():
        report_interruption(as_json)
        return int(ExitCode.INTERRUPTED)
    told = error if isinstance(error, FinlakeError) else plain(error)
    report(told, as_json)
    return int(told.exit_code)


def build_app(only: str | None = None) -> typer.Typer:
    """The Typer application with every command, in the order of a first use.

    With `only`, just the module of that command is imported and the other commands are listed: one command's
    packages must cost another's start nothing. `only=""` imports none, which is enough for the overview.
    """
    app = typer.Typer(help=HELP, add_completion=True, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(_root)
    for module in modules():
        if only is None or only in offered(module):
            _register(app, module)
        else:
            _list(app, module, "it was only listed")
    app.registered_commands.sort(key=lambda command: rank(command.name or ""))
    return app


def _selected(arguments: Sequence[str]) -> str | None:
    """The command that a call is about: "" for the bare overview, None where a shell asks for completions."""
    if "_FINLAKE_COMPLETE" in os.environ:
        return None
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def _register(app: typer.Typer, module: str) -> None:
    """Register one command module. One that can't be imported must not take the other commands down."""
    try:
        importlib.import_module(f"pipeline.commands.{module}").register(app)
    except ImportError as error:
        _list(app, module, str(error))


def _list(app: typer.Typer, module: str, reason: str) -> None:
    """Show a module's commands in the overview; called, they say why they can't run."""
    for name, line in offered(module).items():
        app.command(name, help=line, context_settings={"ignore_unknown_options": True})(
            _unavailable(name, reason)
        )


def _unavailable(name: str, cause: str) -> Callable[..., None]:
    def command(arguments: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:
        raise FinlakeError.of("command_unavailable", where="pipeline/commands", detail=cause, command=name)

    return command


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"finlake {__version__}")
        raise typer.Exit()
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _usage_error(error: typer.TyperException) -> UsageError:
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "finlake"
    return UsageError.of("wrong_command_line", where=path, said=error.format_message(), command=path)
