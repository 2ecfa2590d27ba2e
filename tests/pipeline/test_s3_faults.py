"""S3 that is busy, slow, resets connections or cuts bodies off: repeated where possible, else told, and no figure changes."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collect import source
from finlake.errors import ExitCode
from pipeline import cli
from tests.pipeline import s3, tiny
from tests.pipeline.faulty_s3 import faulty, met
from tests.pipeline.ingesting import SILVER, ingest, multiset, silver

WHEN = ("ingested_at", "decided_at", "delivered_at")
SOURCE = "s3://faulty-bill/exports"
FILE = r"/faulty-bill/.*\.csv\.gz"


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of random-looking lines, large enough that half of one is more than a header."""
    root = tmp_path_factory.mktemp("bill")
    lines = [
        tiny.line(f"{n * 7919 % 10007}.{n:04}", **{"lineItem/UsageType": f"u{n * n}"}) for n in range(2000)
    ]
    tiny.cur1_csv(root, lines, "20260310T000000Z", files=2)
    return root


@pytest.fixture(scope="module")
def clean(bill: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    lake = tmp_path_factory.mktemp("clean") / "lake"
    ingest(lake, bill)
    return tables(lake)


@pytest.fixture(scope="module")
def healthy(bill: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A healthy S3 with the bill in it."""
    root = tmp_path_factory.mktemp("s3")
    with s3.moto(root / "log") as address, pytest.MonkeyPatch.context() as patch:
        for name, value in s3.environment(address, root / "state").items():
            patch.setenv(name, value)
        s3.client().create_bucket(Bucket="faulty-bill")
        s3.upload(bill, "faulty-bill", "exports/")
        s3.client().create_bucket(Bucket="faulty-lake")
        yield address


@pytest.fixture
def lake(healthy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a lake that isn't there yet; the environment leads to the healthy S3."""
    for name, value in s3.environment(healthy, tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    return f"s3://faulty-lake/lake/{uuid.uuid4().hex}"


def run(lake: str, capsys: pytest.CaptureFixture[str], **environment: str) -> tuple[int, Any]:
    """Exit code and JSON of an ingest of the bill."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        code = cli.main(["ingest", "--lake", lake, "--source", SOURCE, "--json"])
    return code, json.loads(capsys.readouterr().out)


def tables(lake: Path | str) -> dict[str, Counter[str]]:
    return {table: multiset(silver(lake, table), WHEN) for table in SILVER}


def rule(fault: str, method: str, path: str, times: int) -> dict[str, Any]:
    return {"fault": fault, "method": method, "path": path, "times": times}


RECOVERED = {
    "source_cut": [rule("cut", "GET", FILE, 3)],
    "source_busy": [
        rule("busy", "GET", FILE, 2),
        rule("busy", "HEAD", FILE, 1),
        rule("busy", "GET", "list-type", 1),
    ],
    "source_reset": [rule("reset", "GET", FILE, 2), rule("reset", "HEAD", FILE, 1)],
    "source_slow": [rule("slow", "GET", FILE, 2)],
    "lake_busy": [
        rule("busy", "GET", "/faulty-lake/lake/", 3),
        rule("busy", "PUT", "/faulty-lake/lake/", 3),
        rule("busy", "POST", "/faulty-lake/lake/", 1),
    ],
    "lake_reset": [
        rule("reset", "PUT", "/faulty-lake/lake/", 2),
        rule("reset", "GET", "/faulty-lake/lake/.*parquet", 2),
    ],
    "lake_cut": [rule("cut", "GET", "/faulty-lake/lake/.*(parquet|json)", 3)],
    "lake_slow": [
        rule("slow", "PUT", "/faulty-lake/lake/.*parquet", 1),
        rule("slow", "GET", "_delta_log", 1),
    ],
}


@pytest.mark.parametrize("case", sorted(RECOVERED))
def test_a_fault_that_passes_costs_time_or_a_run_never_a_figure(
    case: str,
    lake: str,
    healthy: str,
    clean: dict[str, Counter[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What Arrow, delta-rs or DuckDB don't repeat on the lake's side is told, and the next run makes it good."""
    with faulty(healthy, tmp_path / "faults", *RECOVERED[case]) as worse:
        code, said = run(lake, capsys, AWS_ENDPOINT_URL=worse)
    assert met(tmp_path / "faults"), "no request was broken: this test shows nothing"
    if code:
        assert said["code"] == "aws_unreachable" and case in ("lake_busy", "lake_cut"), said
        assert run(lake, capsys)[0] == ExitCode.OK
    assert tables(lake) == clean


@pytest.mark.parametrize(
    ("fault", "method", "path"),
    [
        ("busy", "GET", FILE),
        ("cut", "GET", FILE),
        ("reset", "GET", FILE),
        ("busy", "PUT", "/faulty-lake/lake/.*/silver"),
    ],
)
def test_a_fault_that_stays_is_told_and_the_next_run_makes_it_good(
    fault: str,
    method: str,
    path: str,
    lake: str,
    healthy: str,
    clean: dict[str, Counter[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(source, "TRIES", 2)
    with faulty(healthy, tmp_path / "faults", rule(fault, method, path, -1)) as worse:
        code, said = run(lake, capsys, AWS_ENDPOINT_URL=worse, AWS_MAX_ATTEMPTS="2")
    assert (code, said["code"]) == (ExitCode.INTERNAL, "aws_unreachable"), said
    assert run(lake, capsys)[0] == ExitCode.OK
    assert tables(lake) == clean
