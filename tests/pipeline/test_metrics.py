"""Metric streams into silver.resource_metrics: once each, newest value of a point, damaged files told, both formats alike."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from tests.pipeline.ingesting import multiset, silver, versions
from tests.pipeline.metric_streams import MARCH_10, Sample, as_json, as_otel, expected, in_short, load, put

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAMAGE: dict[str, tuple[bytes, str]] = {
    "cut gzip": (gzip.compress(as_json([Sample()]))[:-5], "metric_file_cut_off"),
    "changed byte": (
        bytes([*gzip.compress(as_json([Sample()] * 50))[:60], 255, 255, 0, 0]),
        "metric_file_damaged",
    ),
    "cut JSON": (as_json([Sample()] * 3)[:-20], "metric_json_damaged"),
    "no JSON": (as_json([Sample()]) + b"\nnothing", "metric_json_damaged"),
    "no UTF-8": (as_json([Sample()]) + b"\n\xff\xfe", "metric_json_damaged"),
    "not a number": (as_json([Sample()]).replace(b"3.0", b"NaN"), "metric_json_damaged"),
    "too large": (as_json([Sample()]).replace(b"3.0", b"1e999"), "metric_point_incomplete"),
    "no account": (as_json([Sample(account="")]), "metric_point_incomplete"),
    "text as number": (
        as_json([Sample()]).replace(b'"max": 3.0', b'"max": "3.0"'),
        "metric_point_incomplete",
    ),
    "time of no century": (
        as_json([Sample()]).replace(b'"timestamp": 1', b'"timestamp": 9'),
        "metric_point_incomplete",
    ),
    "cut OpenTelemetry": (as_otel([Sample()] * 3)[:-7], "metric_otel_damaged"),
    "noise": (bytes(range(1, 200)), "metric_otel_damaged"),
    "nothing": (b"", "metric_file_empty"),
    "nothing, packed": (gzip.compress(b""), "metric_file_empty"),
}


def said(lake: Path) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Silver in the form of `expected`."""
    return in_short(silver(lake, "resource_metrics"))


def rows(lake: Path, grain: str = "day") -> list[dict[str, Any]]:
    return [row for row in silver(lake, "resource_metrics").to_pylist() if row["grain"] == grain]


def test_hours_and_days_are_what_the_points_say_and_gaps_stay_gaps(tmp_path: Path) -> None:
    points = [Sample(at=MARCH_10 + n * 7 * MINUTE, total=0.1 * n, maximum=float(n)) for n in range(40)]
    points += [Sample(at=MARCH_10 + 30 * HOUR, unit="Count"), Sample(dimensions={}, further={"p99": 2.5})]
    put(tmp_path / "in", as_json(points), MARCH_10 + 2 * DAY)
    account = load(tmp_path / "lake", tmp_path / "in")
    assert (account["files"], account["points"], account["days"]) == (1, 42, ["2026-03-10", "2026-03-11"])
    assert said(tmp_path / "lake") == expected([(MARCH_10, points)])
    for row in rows(tmp_path / "lake"):
        assert row["average"] == row["sum"] / row["sample_count"]


def test_percentiles_are_kept_where_one_point_makes_the_row_and_said_why_not_elsewhere(
    tmp_path: Path,
) -> None:
    alone = Sample(metric="Latency", further={"p50": 1.5, "p99.9": 2.9})
    several = [replace(alone, metric="Busy", at=MARCH_10 + n * HOUR) for n in range(2)]
    put(tmp_path / "in", as_json([alone, *several, Sample()]), MARCH_10 + DAY)
    load(tmp_path / "lake", tmp_path / "in")
    days = {
        row["metric_name"]: (row["percentiles"], row["percentiles_reason"]) for row in rows(tmp_path / "lake")
    }
    assert days["Latency"] == ([("p50", 1.5), ("p99.9", 2.9)], None)
    assert days["Busy"] == (None, "not_mergeable")
    assert days["CPUUtilization"] == (None, "not_delivered")
    hours = [row["percentiles"] for row in rows(tmp_path / "lake", "hour") if row["metric_name"] == "Busy"]
    assert hours == [[("p50", 1.5), ("p99.9", 2.9)]] * 2


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_both_formats_give_the_same_table(packed: bool, tmp_path: Path) -> None:
    """Also units with a slash, names that are no ASCII, points without dimensions, and percentiles."""
    points = [
        Sample(further={"p50": 0.25, "p99.9": 1e-9}),
        Sample(unit="Bytes/Second", dimensions={"b": "ü", "a": 'q"\\'}),
        Sample(unit="None", dimensions={}, at=MARCH_10 + HOUR),
        Sample(unit="Count/Second", total=1 / 3),
    ]
    delivered = MARCH_10 + 2 * HOUR
    put(tmp_path / "json", as_json(points), delivered, packed=packed)
    put(tmp_path / "otel", as_otel(points, in_message=3), delivered, packed=packed)
    for name in ("json", "otel"):
        assert load(tmp_path / f"lake-{name}", tmp_path / name)["points"] == 4
    tables = [multiset(silver(tmp_path / f"lake-{name}", "resource_metrics")) for name in ("json", "otel")]
    assert tables[0] == tables[1] and tables[0].total() == 8


def test_records_without_line_breaks_and_several_gzip_members(tmp_path: Path) -> None:
    points = [Sample(at=MARCH_10 + n * MINUTE) for n in range(6)]
    members = b"".join(gzip.compress(as_json(points[n : n + 2], between="")) for n in (0, 2, 4))
    put(tmp_path / "in", members, MARCH_10 + HOUR, packed=False, prefix="any prefix/stream=1")
    assert load(tmp_path / "lake", tmp_path / "in")["points"] == 6


def test_a_file_is_taken_once_also_under_another_name(tmp_path: Path) -> None:
    first = put(tmp_path / "in", as_json([Sample()]), MARCH_10 + HOUR)
    load(tmp_path / "lake", tmp_path / "in")
    before, table = versions(tmp_path / "lake"), multiset(silver(tmp_path / "lake", "resource_metrics"))
    again = load(tmp_path / "lake", tmp_path / "in")
    assert not again["changed"] and again["unchanged"] == 1
    assert versions(tmp_path / "lake") == before
    put(tmp_path / "in", gzip.decompress(first.read_bytes()), MARCH_10 + 3 * HOUR)
    repeated = load(tmp_path / "lake", tmp_path / "in")
    assert (repeated["repeated"], repeated["points"], repeated["days"]) == (1, 0, [])
    assert multiset(silver(tmp_path / "lake", "resource_metrics")) == table
    points = DeltaTable(str(tmp_path / "lake/bronze/metric_points")).get_add_actions(flatten=True)
    assert sum(points["num_records"].to_pylist()) == 1


def test_late_points_replace_their_own_days_only(tmp_path: Path) -> None:
    for n in range(3):
        put(tmp_path / "in", as_json([Sample(at=MARCH_10 + n * DAY)]), MARCH_10 + n * DAY + HOUR)
    load(tmp_path / "lake", tmp_path / "in")
    late = Sample(at=MARCH_10 + 5 * MINUTE, total=9.0)
    put(tmp_path / "in", as_json([late, Sample(at=MARCH_10 + DAY)]), MARCH_10 + 6 * DAY)
    account = load(tmp_path / "lake", tmp_path / "in")
    assert account["days"] == ["2026-03-10", "2026-03-11"]
    sums = {str(row["usage_date"]): (row["sum"], row["point_count"]) for row in rows(tmp_path / "lake")}
    assert sums == {"2026-03-10": (13.0, 2), "2026-03-11": (4.0, 1), "2026-03-12": (4.0, 1)}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "newest first"])
def test_the_value_delivered_last_counts_whatever_came_first(order: tuple[int, int], tmp_path: Path) -> None:
    values = (Sample(total=4.0, count=2.0), Sample(total=90.0, count=3.0))
    for number in order:
        put(tmp_path / "in", as_json([values[number]]), MARCH_10 + (number + 1) * HOUR)
        load(tmp_path / "lake", tmp_path / "in")
    assert [(row["sum"], row["point_count"]) for row in rows(tmp_path / "lake")] == [(90.0, 1)]


def test_damaged_files_are_refused_with_their_reason_and_the_others_go_on(tmp_path: Path) -> None:
    wanted = {}
    for number, (content, code) in enumerate(DAMAGE.values(), start=1):
        bad = put(tmp_path / "in", content, MARCH_10 + HOUR, packed=False, number=number)
        wanted[str(bad.relative_to(tmp_path / "in"))] = code
    put(tmp_path / "in", as_json([Sample()]), MARCH_10 + 2 * HOUR)
    account = load(tmp_path / "lake", tmp_path / "in")
    assert {r["manifest"]: r["code"] for r in account["refused"]} == wanted
    assert all(r["where"] == r["manifest"] and r["intact"] and r["next_step"] for r in account["refused"])
    assert account["points"] == 1 and len(rows(tmp_path / "lake")) == 1
    assert len(list((tmp_path / "lake/quarantine").rglob("reason.json"))) == len(DAMAGE)
    unchanged = load(tmp_path / "lake", tmp_path / "in")
    assert not unchanged["changed"] and unchanged["refused"] == account["refused"]


def test_a_refused_file_is_read_again_when_it_changed_and_forgotten_when_it_went(tmp_path: Path) -> None:
    whole = gzip.compress(as_json([Sample(at=MARCH_10 + n * MINUTE) for n in range(30)]), mtime=0)
    bad = put(tmp_path / "in", whole[:-9], MARCH_10 + HOUR, packed=False)
    gone = put(tmp_path / "in", b"\x1f\x8bno gzip", MARCH_10 + HOUR, number=2)
    put(tmp_path / "in", as_json([Sample(metric="other")]), MARCH_10 + 2 * HOUR)
    assert len(load(tmp_path / "lake", tmp_path / "in")["refused"]) == 2
    bad.write_bytes(whole)
    gone.unlink()
    account = load(tmp_path / "lake", tmp_path / "in")
    assert account["refused"] == [] and account["points"] == 30
    assert [row["point_count"] for row in rows(tmp_path / "lake") if row["metric_name"] != "other"] == [30]


def test_opentelemetry_0_7_0_is_told_as_such(tmp_path: Path) -> None:
    """Its points have labels where 1.0.0 has attributes."""
    content = as_otel([Sample()])
    plain = put(tmp_path / "in", _without_attributes(content), MARCH_10 + HOUR, packed=False)
    put(tmp_path / "in", as_json([Sample()]), MARCH_10 + 2 * HOUR)
    assert [r["code"] for r in load(tmp_path / "lake", tmp_path / "in")["refused"]] == ["metric_otel_version"]
    assert plain.is_file()


def _without_attributes(content: bytes) -> bytes:
    from google.protobuf.internal.decoder import _DecodeVarint32
    from google.protobuf.internal.encoder import _VarintBytes
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    length, start = _DecodeVarint32(content, 0)
    request = ExportMetricsServiceRequest.FromString(content[start : start + length])
    request.resource_metrics[0].scope_metrics[0].metrics[0].summary.data_points[0].ClearField("attributes")
    written = request.SerializeToString()
    return bytes(_VarintBytes(len(written)) + written)


def test_a_ledger_that_was_lost_is_restored_from_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several batches; no Parquet file is opened for it."""
    monkeypatch.setattr("pipeline.metrics.FILES_AT_ONCE", 2)
    for n in range(7):
        put(tmp_path / "in", as_json([Sample(at=MARCH_10 + n * HOUR)]), MARCH_10 + n * HOUR)
    load(tmp_path / "lake", tmp_path / "in")
    before = versions(tmp_path / "lake")
    for file in (tmp_path / "lake/state").glob("metrics.sqlite*"):
        file.unlink()
    monkeypatch.setattr("pyarrow.parquet.ParquetFile.__init__", _no_reading)
    account = load(tmp_path / "lake", tmp_path / "in")
    assert not account["changed"] and account["unchanged"] == 7
    assert versions(tmp_path / "lake") == before


def _no_reading(*_: Any, **__: Any) -> None:
    raise AssertionError("a Parquet file was opened")


def test_other_objects_of_the_source_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "in", as_json([Sample()]), MARCH_10 + HOUR)
    for name in (
        "README.txt",
        "_SUCCESS",
        "a-stream-1-2026-03-10-notes.gz",
        "a-stream-1-2026-13-10-00-00-00-x",
    ):
        (tmp_path / "in" / name).write_text("no metrics")
    account = load(tmp_path / "lake", tmp_path / "in")
    assert (account["files"], account["refused"]) == (1, [])
