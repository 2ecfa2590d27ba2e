"""The command line turns every outcome into words for people or JSON for scripts, and into its exit code."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import typer

from finlake import __version__, logs
from finlake.errors import DeliveryRefused, ExitCode
from pipeline import cli
from pipeline.command_list import modules, offered
from pipeline.console import JsonOption, Output, to_json


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command line with one more command, `act`, that does what the test puts into `outcome.act`."""
    holder = SimpleNamespace(act=lambda: None)

    def act(json: JsonOption = False, size: Annotated[int, typer.Option(help="A number.")] = 1) -> Any:
        return holder.act()

    real = cli.build_app

    def with_act(only: str | None = None) -> typer.Typer:
        app = real(only)
        app.command("act")(act)
        return app

    monkeypatch.setattr(cli, "build_app", with_act)
    return holder


def raising(error: BaseException) -> Any:
    def act() -> None:
        raise error

    return act


REFUSED = DeliveryRefused(
    "the file is truncated", where="a.csv.gz", intact="2026-04", next_step="wait for the next"
)


def test_an_error_is_told_in_four_parts(outcome: Any, capsys: pytest.CaptureFixture[str]) -> None:
    outcome.act = raising(REFUSED)
    assert cli.main(["act"]) == ExitCode.DELIVERY_REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "Error: the file is truncated",
        "  where:  a.csv.gz",
        "  intact: 2026-04",
        "  next:   wait for the next",
    ]


def test_an_error_for_scripts_is_one_json_document(outcome: Any, capsys: pytest.CaptureFixture[str]) -> None:
    outcome.act = raising(REFUSED)
    assert cli.main(["act", "--json"]) == ExitCode.DELIVERY_REFUSED
    said = capsys.readouterr()
    assert json.loads(said.out) == REFUSED.as_dict()
    assert said.err == ""


def test_markup_in_an_error_is_shown_as_it_is(outcome: Any, capsys: pytest.CaptureFixture[str]) -> None:
    outcome.act = raising(DeliveryRefused("the key [bold]x[/bold] and [/oops]"))
    cli.main(["act"])
    assert "[bold]x[/bold] and [/oops]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["act", "--sise", "3"], "--size"),
        (["act", "--size", "x"], "'x' is not a valid"),
        (["doctr"], "doctor"),
    ],
)
def test_usage_errors(
    outcome: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert cli.main(arguments) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert words in said and "--help" in said
    assert cli.main([*arguments, "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().out)["exit_code"] == ExitCode.USAGE


def test_the_unexpected_goes_to_the_log_and_not_on_the_screen(
    outcome: Any, capsys: pytest.CaptureFixture[str], empty_lake: Path
) -> None:
    logs.use_lake(str(empty_lake))
    outcome.act = raising(ZeroDivisionError("secret_access_key=abc123 divided"))
    assert cli.main(["act"]) == ExitCode.INTERNAL
    said = capsys.readouterr().err
    log = empty_lake / "logs" / "finlake.jsonl"
    assert "Traceback" not in said and str(log) in said and "ZeroDivisionError" in said
    event = json.loads(log.read_text())
    assert "Traceback" in event["trace"] and "abc123" not in log.read_text()


def test_the_unexpected_without_a_lake_goes_to_the_state_folder(
    outcome: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINLAKE_STATE_HOME", str(tmp_path / "own"))
    logs.use_lake(str(tmp_path / "no-lake"))
    outcome.act = raising(RuntimeError("boom"))
    assert cli.main(["act", "--json"]) == ExitCode.INTERNAL
    assert str(tmp_path / "own" / "logs") in json.loads(capsys.readouterr().out)["where"]
    assert not (tmp_path / "no-lake").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interruption(outcome: Any, capsys: pytest.CaptureFixture[str], error: BaseException) -> None:
    outcome.act = raising(error)
    assert cli.main(["act"]) == ExitCode.INTERRUPTED
    assert "Interrupted" in capsys.readouterr().err
    assert cli.main(["act", "--json"]) == ExitCode.INTERRUPTED
    assert json.loads(capsys.readouterr().out)["exit_code"] == 130


def test_sigterm_unwinds_like_an_interruption(outcome: Any, capsys: pytest.CaptureFixture[str]) -> None:
    former = signal.getsignal(signal.SIGTERM)
    unwound = []

    def act() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            unwound.append(True)

    outcome.act = act
    try:
        assert cli.main(["act"]) == ExitCode.INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, former)
    assert unwound == [True]


@pytest.mark.parametrize(
    ("result", "code"), [(None, 0), (0, 0), (7, 7), (ExitCode.AUDIT_FAILED, 6), ("words", 0)]
)
def test_what_a_command_returns_is_the_exit_code(outcome: Any, result: object, code: int) -> None:
    outcome.act = lambda: result
    assert cli.main(["act"]) == code


def test_exits_of_commands_and_libraries_keep_their_code(outcome: Any) -> None:
    outcome.act = raising(typer.Exit(99))
    assert cli.main(["act"]) == 99
    for code, expected in ((5, 5), (None, 0), ("words", 1)):
        outcome.act = raising(SystemExit(code))
        assert cli.main(["act"]) == expected


def test_a_reader_that_stops_reading_is_no_error(outcome: Any, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = sys.stdout, sys.stderr
    outcome.act = raising(BrokenPipeError(32, "Broken pipe"))
    try:
        assert cli.main(["act"]) == ExitCode.OK
    finally:
        sys.stdout, sys.stderr = out, err


def test_version_and_overview(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"finlake {__version__}\n"
    assert cli.main([]) == 0
    overview = capsys.readouterr().out
    assert cli.main(["--help"]) == 0
    assert capsys.readouterr().out.split() == overview.split()
    for module in modules():
        assert all(name in overview for name in offered(module))


@pytest.mark.parametrize("module", modules())
def test_what_is_listed_is_what_a_module_registers(module: str) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    importlib.import_module(f"pipeline.commands.{module}").register(app)
    group: Any = typer.main.get_command(app)
    assert set(offered(module)) == set(group.commands)
    for name, line in offered(module).items():
        assert line and line[0].isupper(), f"finlake {name} has no line in the overview"


def test_every_listed_command_can_be_called(capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for module in modules() for name in offered(module)]:
        assert cli.main([name, "--help"]) == 0, name
        assert f"finlake {name}" in capsys.readouterr().out


def leaves(path: list[str], command: Any) -> list[tuple[list[str], Any]]:
    inner = getattr(command, "commands", None)
    if not inner:
        return [(path, command)]
    return [leaf for name, one in inner.items() for leaf in leaves([*path, name], one)]


def test_every_command_takes_json_and_explains_its_options() -> None:
    for path, command in leaves([], typer.main.get_command(cli.build_app())):
        options = [item for item in command.params if item.name != "help"]
        names = {name for item in options for name in item.opts}
        assert "--json" in names, f"{path} has no --json"
        assert all(item.help for item in options), f"{path}: an option without help"


def test_a_command_that_cannot_be_imported_takes_down_only_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pipeline.commands.maintain", None)
    assert cli.main(["maintain", "--lake", "x"]) == ExitCode.INTERNAL
    said = capsys.readouterr().err
    assert "can't be loaded" in said and "make setup" in said
    assert cli.main(["init", "--help"]) == 0


def test_the_overview_imports_nothing_heavy() -> None:
    program = (
        "import sys; from pipeline.cli import main; code = main(['--help']); "
        "heavy = {'airflow', 'boto3', 'dbt', 'duckdb', 'pandas', 'pyarrow', 'pydantic', 'sqlglot'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_console_script_is_installed(tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "finlake"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (0, f"finlake {__version__}\n")


def test_a_terminal_without_utf8_gets_words_too(tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "finlake"
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "FINLAKE_LANGUAGE": "pt-BR"}
    done = subprocess.run([script, "--help"], capture_output=True, env=environment, check=False)
    assert done.returncode == 0 and b"doctor" in done.stdout
    done = subprocess.run([script, "doctor"], capture_output=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0 and b"Traceback" not in done.stderr


def test_completion_knows_the_options() -> None:
    environment = os.environ | {
        "_FINLAKE_COMPLETE": "complete_bash",
        "COMP_WORDS": "finlake doctor --la",
        "COMP_CWORD": "2",
    }
    script = Path(sys.executable).parent / "finlake"
    done = subprocess.run([script], capture_output=True, text=True, env=environment, check=False)
    assert "--lake" in done.stdout


def test_json_has_no_floats_for_money() -> None:
    from datetime import UTC, date, datetime
    from decimal import Decimal

    payload = {
        "cost": Decimal("1E-12"),
        "at": datetime(2026, 5, 1, tzinfo=UTC),
        "day": date(2026, 5, 1),
        "code": ExitCode.BUSY,
        "path": Path("a/b"),
        "names": {"b", "a"},
    }
    assert json.loads(to_json(payload)) == {
        "cost": "0.000000000001",
        "at": "2026-05-01T00:00:00+00:00",
        "day": "2026-05-01",
        "code": 5,
        "path": "a/b",
        "names": ["a", "b"],
    }
    with pytest.raises(TypeError, match="object"):
        to_json(object())


def test_output_speaks_to_people_or_to_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        out = Output(as_json)
        out.note("working")
        with out.progress() as bar:
            bar.advance(bar.add_task("ingest", total=2))
        out.emit({"rows": 1}, lambda console: console.print("one row"))
        said = capsys.readouterr()
        if as_json:
            assert json.loads(said.out) == {"rows": 1} and said.err == ""
        else:
            assert said.out == "one row\n" and re.fullmatch(r"working\n\s*", said.err)
