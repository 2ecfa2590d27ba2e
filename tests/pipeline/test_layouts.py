"""Every layout that AWS writes, of any report name and prefix, in one bucket: all found by their manifests, none mixed up."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import s3, tiny, tiny_focus
from tests.pipeline.ingesting import ingest, query, silver

PERIOD = "20260301-20260401"


@dataclass(frozen=True)
class Report:
    """A legacy report: its prefix as AWS takes it, its name, and where its files lie within the report's folder."""

    prefix: str
    name: str
    files: str
    is_versioned: bool = False

    @property
    def folder(self) -> str:
        return f"{self.prefix}/{self.name}"

    def keys(self, version: str) -> list[str]:
        suffix = "snappy.parquet" if "year=" in self.files else "csv.gz"
        place = self.files.format(name=self.name, version=version, period=PERIOD)
        return [f"{self.folder}/{place}/{self.name}-{number}.{suffix}" for number in (1, 2)]


OVERWRITE, VERSIONS = "{period}", "{period}/{version}"
ATHENA, ATHENA_PADDED = "{name}/year=2026/month=3", "{name}/year=2026/month=03"
REPORTS = [
    Report("", "no-prefix", OVERWRITE),
    Report("", "no_prefix.versions", VERSIONS, True),
    Report("", "athena", ATHENA),
    Report("cur", "hourly", VERSIONS, True),
    Report("cur", "hourly.v2_with-signs", OVERWRITE),
    Report("cur/hourly", "hourly", ATHENA_PADDED),
    Report("a/b.c/d-e_f", "athena", ATHENA),
    Report("a/b.c/d-e_f", "data", ATHENA_PADDED),
    Report("year=2026", "metadata", VERSIONS, True),
    Report("20260301-20260401", "20260301", OVERWRITE),
]


def payer_of(number: int) -> str:
    return f"9002{number:08}"


def currency_of(number: int) -> str:
    return "BRL" if number % 3 == 0 else "USD"


def lines_of(number: int) -> list[tiny.Line]:
    """Two lines of a payer of its own, whose sum tells the report."""
    return [
        tiny.line(cost, payer=payer_of(number), currency=currency_of(number))
        for cost in (f"{number}.25", "100")
    ]


def sum_of(number: int) -> Decimal:
    return Decimal(f"{number}.25") + 100


def write_report(
    root: Path, report: Report, number: int, version: str = "20260401T000000Z", account: str = ""
) -> None:
    """Files, the version's manifest where the report keeps versions, and the period's own manifest."""
    keys, lines = report.keys(version), lines_of(number)
    for key, line in zip(keys, lines, strict=True):
        is_parquet = key.endswith("parquet")
        content = tiny.parquet_bytes([line], {}) if is_parquet else csv_gz([line])
        tiny.write(root / key.lstrip("/"), content)
    said = manifest(report, account or payer_of(number), version, keys)
    month = f"{report.folder}/{PERIOD}".lstrip("/")
    if report.is_versioned:
        tiny.write(root / month / version / f"{report.name}-Manifest.json", said)
    tiny.write(root / month / f"{report.name}-Manifest.json", said)


def csv_gz(lines: Sequence[tiny.Line]) -> bytes:
    header = sorted({column for line in lines for column in line})
    return gzip.compress(tiny.csv_text(header, lines).encode(), mtime=0)


def manifest(report: Report, account: str, version: str, keys: Sequence[str]) -> bytes:
    said: dict[str, Any] = {
        "assemblyId": version,
        "account": account,
        "reportName": report.name,
        "bucket": "bucket",
        "compression": "Parquet" if "year=" in report.files else "GZIP",
        "columns": [],
        "billingPeriod": {"start": "20260301T000000.000Z", "end": "20260401T000000.000Z"},
        "reportKeys": list(keys),
    }
    return json.dumps(said).encode()


def write_bucket(root: Path) -> None:
    """All reports, and Data Exports of three formats with and without a prefix."""
    for number, report in enumerate(REPORTS, start=1):
        write_report(root, report, number)
    tiny.cur2_parquet(
        root, lines_of(11), "2026-04-04T05-12-11.000Z-abc", account=payer_of(11), name="cur2.a_b"
    )
    for number, prefix in ((12, ""), (13, "x/y.z/"), (15, "/")):
        lines = [
            tiny_focus.line(cost, BillingAccountId=payer_of(number), BillingCurrency=currency_of(number))
            for cost in (f"{number}.25", "100")
        ]
        tiny_focus.focus_csv(root, lines, name=f"focus_{number}.v1", prefix=prefix, account=payer_of(number))


NUMBERS = [*range(1, len(REPORTS) + 1), 11, 12, 13, 15]


def shown(lake: Path | str) -> list[tuple[Any, ...]]:
    """(payer, currency, lines, net cost) of each export in silver."""
    sql = "select payer_id, currency, count(*), sum(net_unblended_cost) from t group by payer_id, currency, export_id"
    return sorted(query(sql, t=silver(lake, "billing_line_items")))


def expected() -> list[tuple[Any, ...]]:
    return sorted((payer_of(n), currency_of(n), 2, sum_of(n)) for n in NUMBERS)


def test_all_in_one_bucket(tmp_path: Path) -> None:
    write_bucket(tmp_path / "b")
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert not said["refused"] and not said["warnings"] and len(said["deliveries"]) == len(NUMBERS)
    assert shown(tmp_path / "lake") == expected()
    authority = silver(tmp_path / "lake", "billing_authority")
    assert sorted(authority["payer_id"].to_pylist()) == sorted(payer_of(n) for n in NUMBERS)
    assert not ingest(tmp_path / "lake", tmp_path / "b")["changed"]


@pytest.mark.parametrize("shown_part", ["cur", "a/b.c", "a/b.c/d-e_f/athena"])
def test_a_source_may_be_a_part_of_the_bucket(shown_part: str, tmp_path: Path) -> None:
    write_bucket(tmp_path / "b")
    said = ingest(tmp_path / "lake", tmp_path / "b" / shown_part)
    assert not said["refused"]
    found = [
        number for number, r in enumerate(REPORTS, start=1) if f"{r.folder}/".startswith(f"{shown_part}/")
    ]
    assert shown(tmp_path / "lake") == sorted((payer_of(n), currency_of(n), 2, sum_of(n)) for n in found)
    assert found


def test_a_report_changed_from_versions_to_overwriting(tmp_path: Path) -> None:
    """The old versions stay where they are; the month shows what the period's own manifest says now."""
    root, lake = tmp_path / "b", tmp_path / "lake"
    versions, overwrite = Report("cur", "r", VERSIONS, True), Report("cur", "r", OVERWRITE)
    write_report(root, versions, 1)
    ingest(lake, root)
    write_report(root, overwrite, 2, version="20260402T000000Z", account=payer_of(1))
    assert not ingest(lake, root)["refused"]
    assert shown(lake) == [(payer_of(2), currency_of(2), 2, sum_of(2))]


def test_an_old_manifest_never_takes_the_files_of_another_version(tmp_path: Path) -> None:
    """Of the old version only the manifest is left: its month's overwritten files are not its own."""
    root, lake = tmp_path / "b", tmp_path / "lake"
    versions, overwrite = Report("cur", "r", VERSIONS, True), Report("cur", "r", OVERWRITE)
    write_report(root, versions, 1)
    for key in versions.keys("20260401T000000Z"):
        (root / key).unlink()
    write_report(root, overwrite, 2, version="20260402T000000Z", account=payer_of(1))
    said = ingest(lake, root)
    assert len(said["deliveries"]) == 1 and "are not there" in said["refused"][0]["what"]
    assert shown(lake) == [(payer_of(2), currency_of(2), 2, sum_of(2))]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3.moto(tmp_path_factory.mktemp("moto") / "log") as address:
        yield address


def test_keys_on_s3_begin_with_a_slash_where_the_report_has_no_prefix(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environment(endpoint, tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    s3.client().create_bucket(Bucket="layouts")
    for number, report in enumerate(REPORTS[:3], start=1):
        write_report(tmp_path / report.name, report, number)
        s3.upload(tmp_path / report.name, "layouts", "/")
    said = ingest(tmp_path / "lake", "s3://layouts")
    assert not said["refused"] and len(said["deliveries"]) == 3
    assert shown(tmp_path / "lake") == [(payer_of(n), currency_of(n), 2, sum_of(n)) for n in (1, 2, 3)]
