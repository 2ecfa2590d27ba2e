"""`finlake metrics` as people and Airflow call it: exit codes, what is told, and the metrics of a whole run and of status."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from finlake.lake import create_or_open
from finlake.report import RunReport
from finlake.settings import load_settings
from pipeline.cli import main
from pipeline.ingest import Progress
from pipeline.metrics import metrics_of_run, open_metric_ledger
from pipeline.metrics_silver import metric_fingerprints
from tests.pipeline.metric_streams import MARCH_10, Sample, as_json, load, put

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def streams(tmp_path: Path) -> Path:
    """Two good files and a damaged one."""
    put(tmp_path / "in", as_json([Sample()]), MARCH_10 + HOUR)
    put(tmp_path / "in", as_json([Sample(at=MARCH_10 + 30 * DAY)]), MARCH_10 + 31 * DAY)
    put(tmp_path / "in", b"\x1f\x8b no gzip", MARCH_10 + 32 * DAY, packed=False)
    return tmp_path / "in"


def metrics(*arguments: object) -> int:
    return main(["metrics", *map(str, arguments)])


def test_exit_codes_that_airflow_relies_on(
    streams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = ("--lake", tmp_path / "lake")
    source = ("--source", streams)
    assert metrics("ingest", *source, *lake, "--dry-run") == 0
    assert not (tmp_path / "lake/finlake-lake.json").exists(), "a preview writes nothing"
    assert metrics("ingest", *source, *lake, "--nothing-new-exit-code", 99, "--accept-refused") == 0
    assert metrics("ingest", *source, *lake, "--nothing-new-exit-code", 99, "--accept-refused") == 99
    assert metrics("ingest", *source, *lake) == 3, "a refused file stays told"
    assert metrics("refused", *lake) == 3
    said = capsys.readouterr().out
    assert "2 new metric files with 2 points" in said and "can't be unpacked" in said
    next(streams.rglob("*2026-04-11*")).unlink()
    assert metrics("ingest", *source, *lake) == 0
    assert metrics("refused", *lake) == 0


def test_a_source_that_is_missing_empty_or_not_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = ("--lake", tmp_path / "lake")
    assert metrics("ingest", *lake) == 2
    assert metrics("ingest", *lake, "--source", tmp_path / "nowhere") == 7
    (tmp_path / "empty").mkdir()
    assert metrics("ingest", *lake, "--source", tmp_path / "empty") == 7
    said = capsys.readouterr().err
    assert "metrics_source" in said and "no object has a name that Firehose gives" in said


def test_status_shows_how_far_metrics_reach(
    streams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tmp_path / "lake", streams)
    capsys.readouterr()
    assert main(["status", "--lake", str(tmp_path / "lake"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["metrics"]
    assert (said["first_day"], said["newest_day"], said["days"]) == ("2026-03-10", "2026-04-09", 2)
    assert [refused["code"] for refused in said["refused"]] == ["metric_file_damaged"]
    assert main(["status", "--lake", str(tmp_path / "lake")]) == 0
    assert "2026-03-10 to 2026-04-09" in capsys.readouterr().out


def test_a_whole_run_takes_metrics_where_their_source_is_set_and_goes_on_without_them(
    streams: Path, tmp_path: Path
) -> None:
    lake = create_or_open(str(tmp_path / "lake"))
    (tmp_path / "empty").mkdir()
    with RunReport("run", lake.reports) as report:
        for source, changed in ((None, False), (tmp_path / "empty", False), (streams, True)):
            given = {"metrics_source": str(source)} if source else {}
            settings = load_settings(lake=lake.root, **given)
            assert metrics_of_run(lake, settings, report, Progress()) is changed
    assert len(report.warnings) == 1 and "Firehose" in report.warnings[0]["what"]
    assert report.details["metrics"]["points"] == 2


def test_a_months_fingerprint_changes_exactly_with_its_days(streams: Path, tmp_path: Path) -> None:
    def fingerprints() -> dict[str, str]:
        with closing(open_metric_ledger(create_or_open(str(tmp_path / "lake")))) as ledger:
            return metric_fingerprints(ledger)

    load(tmp_path / "lake", streams)
    before = fingerprints()
    assert before.keys() == {"2026-03", "2026-04"}
    load(tmp_path / "lake", streams)
    assert fingerprints() == before
    put(streams, as_json([Sample(at=MARCH_10 + DAY)]), MARCH_10 + 40 * DAY)
    load(tmp_path / "lake", streams)
    after = fingerprints()
    assert after["2026-03"] != before["2026-03"] and after["2026-04"] == before["2026-04"]
