"""What libraries and the machine say, in the catalogue's words: code and exit code by cause, their own words as the detail."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from finlake import logs
from finlake.errors import ExitCode
from pipeline import cli
from pipeline.plain_errors import plain


def aws(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no way"}}, "GetObject")


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/lake/x"), "disk_full", ExitCode.INTERNAL),
        (RuntimeError("IO Error: No space left on device"), "disk_full", ExitCode.INTERNAL),
        (OSError(errno.EIO, "Input/output error", "/lake/x"), "disk_failing", ExitCode.INTERNAL),
        (sqlite_error(sqlite3.SQLITE_IOERR_SHMSIZE), "disk_failing", ExitCode.INTERNAL),
        (sqlite_error(sqlite3.SQLITE_BUSY), "unexpected", ExitCode.INTERNAL),
        (PermissionError(errno.EACCES, "Permission denied", "/lake/x"), "not_permitted", ExitCode.INTERNAL),
        (MemoryError(), "memory_short", ExitCode.INTERNAL),
        (NoCredentialsError(), "aws_credentials_missing", ExitCode.CONFIGURATION),
        (aws("AccessDenied"), "aws_denied", ExitCode.CONFIGURATION),
        (aws("ExpiredToken"), "aws_denied", ExitCode.CONFIGURATION),
        (EndpointConnectionError(endpoint_url="http://x"), "aws_unreachable", ExitCode.INTERNAL),
        (aws("SomethingElse"), "unexpected", ExitCode.INTERNAL),
        (ZeroDivisionError("division by zero"), "unexpected", ExitCode.INTERNAL),
    ],
)
def test_told_by_its_cause(error: Exception, code: str, exit_code: int, empty_lake: Path) -> None:
    logs.use_lake(str(empty_lake))
    told = plain(error)
    assert (told.code, told.exit_code) == (code, exit_code) and told.intact and told.next_step
    assert (empty_lake / "logs" / "finlake.jsonl").exists() == (code == "unexpected")
    if code != "unexpected":
        assert told.detail and told.detail not in told.what
    if getattr(error, "filename", None):
        assert told.where == "/lake/x"


def test_the_operation_that_aws_denies_is_named_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied() -> None:
        raise aws("AccessDenied")

    monkeypatch.setattr("pipeline.commands.init.init", denied)
    assert cli.main(["init"]) == ExitCode.CONFIGURATION
    english = capsys.readouterr().err
    assert "AWS doesn't allow GetObject" in english and "detail" in english and "no way" in english
    monkeypatch.setenv("FINLAKE_LANGUAGE", "pt-BR")
    cli.main(["init"])
    assert "a AWS não permite GetObject" in capsys.readouterr().err
