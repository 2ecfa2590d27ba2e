"""S3 that is busy, slow, resets connections or cuts bodies off: repeated where possible, else told, and no figure changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finlake.errors import ExitCode
from tests.pipeline import s3, tiny
from tests.pipeline.faulty_s3 import broken, faulty
from tests.pipeline.ingesting import SILVER, command, ingest, multiset, silver

WHEN = ("ingested_at", "decided_at", "delivered_at")
SOURCE, LAKE = "s3://faulty-bill/exports", "s3://faulty-lake/lake"
FILE = r"/faulty-bill/.*\.csv\.gz"


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of random-looking lines, large enough that half of one is more than a header."""
    root = tmp_path_factory.mktemp("bill")
    lines = [
        tiny.line(f"{n * 7919 % 10007}.{n:04}", **{"lineItem/UsageType": f"u{n * n}"}) for n in range(3000)
    ]
    tiny.cur1_csv(root, lines, "20260310T000000Z", files=2)
    return root


@pytest.fixture(scope="module")
def clean(bill: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    lake = tmp_path_factory.mktemp("clean") / "lake"
    ingest(lake, bill)
    return tables(lake)


@pytest.fixture
def address(bill: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A healthy S3 with the bill in it and an empty bucket for the lake."""
    with s3.moto(tmp_path / "moto.log") as address:
        for name, value in s3.environment(address, tmp_path / "state").items():
            monkeypatch.setenv(name, value)
        for bucket in ("faulty-bill", "faulty-lake"):
            s3.client().create_bucket(Bucket=bucket)
        s3.upload(bill, "faulty-bill", "exports/")
        yield address


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
def test_a_fault_that_passes_is_not_noticed(
    case: str, address: str, clean: dict[str, Counter[str]], tmp_path: Path
) -> None:
    with faulty(address, tmp_path / "faults", *RECOVERED[case]) as worse:
        said = command("ingest", "--lake", LAKE, "--source", SOURCE, "--json", AWS_ENDPOINT_URL=worse)
    assert broken(tmp_path / "faults"), "no request was broken: this test shows nothing"
    if said.returncode:  # a library that doesn't repeat: told, and the next run makes it good
        assert "Traceback" not in said.stderr and "unexpected" not in said.stderr, said.stderr
        assert json.loads(said.stdout)["code"] == "aws_unreachable", said.stdout
        assert case not in ("source_cut", "source_busy", "source_reset", "source_slow", "lake_slow")
        assert command("ingest", "--lake", LAKE, "--source", SOURCE).returncode == 0
    assert tables(LAKE) == clean


@pytest.mark.parametrize(
    ("fault", "method", "path"),
    [
        ("busy", "GET", FILE),
        ("cut", "GET", FILE),
        ("reset", "GET", FILE),
        ("busy", "PUT", "/faulty-lake/lake/silver"),
    ],
)
def test_a_fault_that_stays_is_told_and_the_next_run_makes_it_good(
    fault: str, method: str, path: str, address: str, clean: dict[str, Counter[str]], tmp_path: Path
) -> None:
    patient = {"AWS_MAX_ATTEMPTS": "2"}
    with faulty(address, tmp_path / "faults", rule(fault, method, path, -1)) as worse:
        said = command("ingest", "--lake", LAKE, "--source", SOURCE, AWS_ENDPOINT_URL=worse, **patient)
    assert said.returncode == ExitCode.INTERNAL, said.stderr
    assert "AWS can't be reached" in said.stderr and "Traceback" not in said.stderr
    assert command("ingest", "--lake", LAKE, "--source", SOURCE).returncode == 0
    assert tables(LAKE) == clean
