"""The structured log: JSON lines in the lake, rotated by size, without secrets."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finlake import logs
from finlake.logs import HIDDEN, get_logger, record_crash, use_lake, without_secrets


def test_events_are_json_lines_in_the_lake(empty_lake: Path) -> None:
    use_lake(str(empty_lake))
    get_logger(command="run").info("ingested", rows=3, period="2026-04", name="ação")
    get_logger(command="run").debug("too fine")
    (line,) = (empty_lake / "logs/finlake.jsonl").read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    assert event.pop("at").endswith("+00:00")
    assert event == {
        "command": "run",
        "event": "ingested",
        "level": "info",
        "rows": 3,
        "period": "2026-04",
        "name": "ação",
    }


@pytest.mark.parametrize("lake", ["", "s3://bucket/lake"])
def test_without_a_local_lake_the_state_folder_takes_it(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_lake(lake)
    monkeypatch.setenv("FINLAKE_STATE_HOME", str(tmp_path / "own"))
    assert logs.log_file() == tmp_path / "own" / "logs" / "finlake.jsonl"
    monkeypatch.delenv("FINLAKE_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert logs.log_file() == tmp_path / "home" / ".local/state/finlake/logs/finlake.jsonl"


def test_a_folder_that_is_no_lake_gets_no_log(tmp_path: Path) -> None:
    use_lake(str(tmp_path / "folder"))
    get_logger().info("hello")
    assert not (tmp_path / "folder").exists()


def test_the_log_follows_the_lake(tmp_path: Path, empty_lake: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "finlake-lake.json").write_text("{}")
    for lake in (empty_lake, other, empty_lake):
        use_lake(str(lake))
        get_logger().info("here")
    assert len((empty_lake / "logs/finlake.jsonl").read_text().splitlines()) == 2
    assert len((other / "logs/finlake.jsonl").read_text().splitlines()) == 1


def test_the_log_is_rotated_within_its_limit(empty_lake: Path) -> None:
    use_lake(str(empty_lake), max_mb=1)
    logger = get_logger()
    for _ in range(3000):
        logger.info("x" * 500)
    files = list((empty_lake / "logs").iterdir())
    assert len(files) == logs.ROTATED_FILES + 1
    assert sum(file.stat().st_size for file in files) <= 1_000_000


def test_a_full_disk_and_odd_names_print_nothing(
    empty_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use_lake(str(empty_lake))
    get_logger().info("odd \udcff name")
    (handler,) = logging.getLogger("finlake").handlers
    handler.setStream(Path("/dev/full").open("w"))  # type: ignore[attr-defined]  # noqa: SIM115 - the handler closes it
    get_logger().info("x" * 100_000)
    assert capsys.readouterr() == ("", "")
    assert "odd \\udcff name" in (empty_lake / "logs/finlake.jsonl").read_text()


def test_a_crash_keeps_its_trace_and_no_secret(empty_lake: Path) -> None:
    use_lake(str(empty_lake))
    try:
        raise RuntimeError("signed with ASIAIOSFODNN7EXAMPLE password=hunter2")
    except RuntimeError as error:
        file = record_crash(error)
    assert file == empty_lake / "logs/finlake.jsonl"
    text = file.read_text()
    assert "test_a_crash_keeps_its_trace" in text
    assert "ASIA" not in text and "hunter2" not in text


def test_a_log_that_cannot_be_written_stops_nothing(
    empty_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_lake / "logs").write_text("a file in the way")
    use_lake(str(empty_lake))
    monkeypatch.setenv("FINLAKE_STATE_HOME", str(tmp_path / "own"))
    get_logger().info("to the state folder")
    assert "to the state folder" in (tmp_path / "own/logs/finlake.jsonl").read_text()

    monkeypatch.setenv("FINLAKE_STATE_HOME", str(empty_lake / "finlake-lake.json"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setitem(logs._state, "last_resort", None)
    file = record_crash(RuntimeError("boom"))
    assert file.parent.parent == tmp_path and file.parent.stat().st_mode & 0o077 == 0
    assert "boom" in file.read_text()


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "https://b.s3.amazonaws.com/k?X-Amz-Credential=me%2F2026&X-Amz-Signature=00ff",
        "https://b/k?X-Amz-Security-Token=abc/def==&y=1",
        "https://ana:hunter2@host/x",  # pragma: allowlist secret
        "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG",
        "session_token=abc password=def",
    ],
)
def test_values_that_look_like_secrets_are_hidden(secret: str) -> None:
    hidden = without_secrets(f"before {secret} after")
    assert HIDDEN in hidden and hidden.startswith("before ") and hidden.endswith(" after")
    for part in ("AKIA", "me%2F", "00ff", "abc", "hunter2", "wJalr", "def"):
        assert part not in hidden


def test_values_under_telling_keys_are_hidden_at_any_depth() -> None:
    value = {"aws": [{"SecretAccessKey": "x", "region": "sa-east-1", "session_token": None}], "n": 1}
    assert without_secrets(value) == {
        "aws": [{"SecretAccessKey": HIDDEN, "region": "sa-east-1", "session_token": None}],
        "n": 1,
    }


@given(st.text(alphabet=st.characters(categories=("L", "N", "Zs")), max_size=60))
def test_plain_words_stay(words: str) -> None:
    if "AKIA" not in words and "ASIA" not in words:
        assert without_secrets(words) == words
