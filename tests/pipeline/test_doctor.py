"""`finlake doctor` looks at one thing per line, changes nothing, and names what to do about what is wrong."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from finlake import ledgers
from finlake.errors import ExitCode
from finlake.lake import create_or_open
from finlake.settings import load_settings
from pipeline.cli import main
from pipeline.doctor import lake as lake_checks
from pipeline.doctor import machine
from pipeline.doctor.checks import Finding, Say, examine

SAY = Say("en")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    place = tmp_path / "lake"
    create_or_open(str(place))
    return place


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code and findings by check."""
    code = main(["doctor", "--json", *arguments])
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] == (code == 0)
    return code, {line["check"]: line for line in answer["checks"]}


def statuses(found: dict[str, dict[str, str]]) -> dict[str, str]:
    return {check: line["status"] for check, line in found.items() if line["status"] != "ok"}


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# The command --------------------------------------------------------------------------------------


def test_a_fresh_place_is_well_but_for_the_source(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = doctor(capsys)
    assert code == ExitCode.OK
    assert statuses(found) == {"source": "warn"}
    assert "finlake sample" in found["source"]["advice"]
    assert list(Path().iterdir()) == []


def test_a_lake_in_order(capsys: pytest.CaptureFixture[str], lake: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").touch()
    before = tree(lake)
    code, found = doctor(capsys, "--lake", str(lake), "--source", str(tmp_path / "source"))
    assert (code, statuses(found)) == (ExitCode.OK, {})
    assert tree(lake) - before <= {"logs"}


def test_what_has_to_be_repaired_gives_exit_code_4(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    code, found = doctor(capsys, "--lake", str(tmp_path / "mine"), "--source", str(tmp_path / "none"))
    assert code == ExitCode.CONFIGURATION
    assert statuses(found) == {"lake": "fail", "source": "fail"}
    assert all(line["advice"] for line in found.values() if line["status"] == "fail")


def test_wrong_settings_are_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("finlake.yml").write_text("laek: x\n")
    code, found = doctor(capsys)
    assert code == ExitCode.CONFIGURATION
    assert "finlake.yml, line 1, key laek" in found["settings"]["detail"]
    assert "did you mean `lake`?" in found["settings"]["advice"]
    monkeypatch.setenv("FINLAKE_LANGUAGE", "klingon")
    assert doctor(capsys)[0] == ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Free disk", "GB free", "thing")), ("pt-BR", ("Disco livre", "GB livres", "ponto"))],
)
def test_people_read_it_in_their_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("FINLAKE_LANGUAGE", language)
    assert main(["doctor"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert all(word in said for word in words)
    assert main(["doctor", "--source", "/nowhere"]) == ExitCode.CONFIGURATION
    capsys.readouterr()
    Path("bills").mkdir()
    Path("bills/a").touch()
    assert main(["doctor", "--source", "bills"]) == ExitCode.OK
    assert {"en": "All is well.", "pt-BR": "Tudo em ordem."}[language] in capsys.readouterr().out


def test_a_check_that_breaks_stops_no_other() -> None:
    def breaks(say: Say) -> Finding:
        raise RuntimeError("oops")

    first, second = examine([("one", breaks), ("two", lambda say: Finding("two", "ok", "fine"))], "en")
    assert (first.status, second.status) == ("fail", "ok")
    assert "RuntimeError: oops" in first.detail


# The machine --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "status"), [((3, 10), "fail"), ((3, 11), "ok"), ((3, 12), "ok"), ((3, 13), "fail")]
)
def test_python(version: tuple[int, int], status: str) -> None:
    finding = machine.python(SAY, version)
    assert finding.status == status
    if status == "fail":
        assert "apt-get install" in finding.advice and "brew install" in finding.advice


def test_packages() -> None:
    assert machine.packages(SAY).status == "ok"
    finding = machine.packages(SAY, ["duckdb<0.1", "no-such-package", "rich", "rich<1; python_version<'3'"])
    assert finding.status == "fail"
    assert finding.detail.endswith("duckdb<0.1, no-such-package")


def test_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.extensions(SAY).status == "ok"
    monkeypatch.setattr("finlake.engines.duckdb.extension_file", lambda name: f"/nowhere/{name}")
    finding = machine.extensions(SAY)
    assert finding.status == "fail" and "make setup" in finding.advice


def test_time_counts_in_utc_here_in_sao_paulo(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.time_zone(SAY).status == "ok"
    import duckdb

    def local(*args: Any, **kwargs: Any) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        con.execute("SET TimeZone='America/Sao_Paulo'")
        return con

    monkeypatch.setattr("finlake.engines.duckdb.connect", local)
    assert machine.time_zone(SAY).status == "fail"


def test_a_missing_tool_is_named_with_its_install_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    finding = machine.tools(SAY)
    assert finding.status == "warn" and "make" in finding.detail
    assert "sudo apt-get install -y make" in finding.advice and "xcode-select --install" in finding.advice


# The lake -----------------------------------------------------------------------------------------


def test_variables_that_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINLAKE_LAEK", "x")
    monkeypatch.setenv("FINLAKE_DIMENSIONS__ENV", '["user_env"]')
    finding = lake_checks.settings_file(SAY, None)
    assert finding.status == "warn" and "FINLAKE_LAEK (FINLAKE_LAKE?)" in finding.detail
    assert "DIMENSIONS" not in finding.detail


def test_the_file_that_counts_is_named() -> None:
    assert "finlake init" in lake_checks.settings_file(SAY, None).detail
    Path("finlake.yml").write_text("")
    assert lake_checks.settings_file(SAY, None).detail == "finlake.yml"


def test_a_marker_that_cannot_be_read(lake: Path) -> None:
    (lake / "finlake-lake.json").write_text("{")
    finding = lake_checks.lake(SAY, load_settings(lake=str(lake)))
    assert finding.status == "fail" and "can't be read" in finding.detail


def test_a_folder_that_takes_no_file(monkeypatch: pytest.MonkeyPatch, lake: Path) -> None:
    def refuse(**kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    finding = lake_checks.write(SAY, load_settings(lake=str(lake)))
    assert finding.status == "fail" and "Permission denied" in finding.detail


@pytest.mark.parametrize(("free", "status"), [(0, "fail"), (2, "warn"), (80, "ok")])
def test_disk(lake: Path, free: int, status: str) -> None:
    finding = lake_checks.disk(SAY, load_settings(lake=str(lake)), free_bytes=free * 1_000_000_000)
    assert finding.status == status
    assert f"{free} GB free" in finding.detail


def test_a_lock_that_is_held(lake: Path) -> None:
    settings = load_settings(lake=str(lake))
    assert lake_checks.lock(SAY, settings).status == "ok"
    with create_or_open(str(lake)).writing():
        assert lake_checks.lock(SAY, settings).status == "warn"
    assert lake_checks.lock(SAY, settings).status == "ok"


@pytest.mark.parametrize("name", ledgers.FILES)
def test_ledger(name: str, lake: Path) -> None:
    settings = load_settings(lake=str(lake))
    assert lake_checks.ledger(SAY, settings).detail == "none yet"
    file = lake / "state" / name
    file.parent.mkdir(exist_ok=True)
    with sqlite3.connect(file) as con:
        con.execute("CREATE TABLE t (a)")
        con.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
    con.close()
    assert lake_checks.ledger(SAY, settings).detail == "readable"
    content = bytearray(file.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    file.write_bytes(content)
    finding = lake_checks.ledger(SAY, settings)
    assert finding.status == "fail" and "Delta logs" in finding.advice
    file.write_bytes(b"no database at all" * 100)
    assert lake_checks.ledger(SAY, settings).status == "fail"


def test_published_build(lake: Path) -> None:
    settings = load_settings(lake=str(lake))
    assert lake_checks.published(SAY, settings).detail == "none yet"
    (lake / "warehouse" / "builds").mkdir(parents=True)
    pointer = lake / "warehouse" / "published.json"
    pointer.write_text('{"build_id": "b20260501T000000Z-abcdef"}')
    finding = lake_checks.published(SAY, settings)
    assert finding.status == "fail" and "b20260501T000000Z-abcdef.duckdb" in finding.detail
    (lake / "warehouse" / "builds" / "b20260501T000000Z-abcdef.duckdb").touch()
    assert lake_checks.published(SAY, settings).status == "ok"
    pointer.write_text("[]")
    assert lake_checks.published(SAY, settings).status == "fail"


def test_an_empty_source(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    finding = lake_checks.source(SAY, load_settings(source=str(tmp_path / "empty")))
    assert finding.status == "warn" and "24 hours" in finding.advice


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 of our own (moto's server) with a bucket `bills` that is empty."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="bills")
    yield client
    server.stop()


def test_a_lake_and_a_source_on_s3(s3: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = doctor(capsys, "--lake", "s3://bills/lake", "--source", "s3://bills/exports")
    assert (code, statuses(found)) == (ExitCode.OK, {"source": "warn"})
    s3.put_object(Bucket="bills", Key="exports/a/manifest.json", Body=b"{}")
    create_or_open("s3://bills/lake")
    before = s3.list_objects_v2(Bucket="bills")["KeyCount"]
    code, found = doctor(capsys, "--lake", "s3://bills/lake", "--source", "s3://bills/exports")
    assert (code, statuses(found)) == (ExitCode.OK, {})
    assert s3.list_objects_v2(Bucket="bills")["KeyCount"] == before


def test_a_bucket_that_does_not_exist(s3: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = doctor(
        capsys, "--lake", "s3://no-such-bucket/lake", "--source", "s3://no-such-bucket/exports"
    )
    assert code == ExitCode.CONFIGURATION
    assert found["source"]["status"] == "fail" and "AWS_REGION" in found["source"]["advice"]
