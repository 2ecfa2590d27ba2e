"""The sample's metrics: Firehose's layout, both formats, what was planted, and the truth about it."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from finlake.sample import facts, metrics
from finlake.sample.generate import write_sample
from finlake.sample.plan import Request, editions

NAME = re.compile(r"sample-finops-stream-1-(\d{4})-(\d\d)-(\d\d)-(\d\d)-\d\d-\d\d-[0-9a-f-]{36}\.gz")


def objects(root: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Every point of the JSON stream with its file."""
    return [
        (path, json.loads(line))
        for path in sorted((root / "metrics" / "usd-payer").rglob("*.gz"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def messages(content: bytes) -> list[ExportMetricsServiceRequest]:
    """The messages of a file of size-delimited protobuf."""
    found, position = [], 0
    while position < len(content):
        length = shift = 0
        while True:
            byte = content[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found.append(ExportMetricsServiceRequest.FromString(content[position : position + length]))
        position += length
    return found


def test_files_lie_as_firehose_leaves_them(written: Path) -> None:
    files = sorted((written / "metrics").rglob("*.gz"))
    assert len(files) == json.loads((written / "truth.json").read_text())["metrics"]["files"] > 45
    for path in files:
        match = NAME.fullmatch(path.name)
        assert match and path.parts[-5:-1] == match.groups()


def test_the_json_stream_holds_what_the_truth_says(written: Path, truth: dict[str, Any]) -> None:
    found = objects(written)
    usd = {n for n, a in facts.load().accounts.items() if a.payer == "usd-payer"}
    assert {point["account_id"] for _, point in found} <= usd
    named = {r["resource_id"].split("/")[-1].split(":")[-1]: r for r in truth["metrics"]["resources"]}
    seen = {value for _, p in found for key, value in p["dimensions"].items() if key == "InstanceId"}
    assert seen and all(named[name]["has_metrics"] for name in seen)
    assert all(p["value"]["min"] <= p["value"]["max"] and p["value"]["count"] > 0 for _, p in found)
    assert {p["metric_name"] for _, p in found if "p99" in p["value"]} == {"Duration"}


def test_late_and_repeated_points(written: Path, truth: dict[str, Any]) -> None:
    keys, late = Counter[str](), 0
    for path, point in objects(written):
        begins = datetime.fromtimestamp(point["timestamp"] / 1000, UTC)
        delivered = datetime.strptime("".join(path.parts[-5:-1]), "%Y%m%d%H").replace(tzinfo=UTC)
        late += delivered - begins >= timedelta(days=3)
        keys[json.dumps({**point, "value": None}, sort_keys=True)] += 1
    assert late == truth["metrics"]["late_points"] > 0
    assert sum(n - 1 for n in keys.values()) == truth["metrics"]["repeated_points"] > 0


def test_the_otel_stream_has_the_other_payers_accounts(written: Path) -> None:
    points = 0
    for path in sorted((written / "metrics" / "brl-payer").rglob("*.gz")):
        for message in messages(gzip.decompress(path.read_bytes())):
            (resource,) = message.resource_metrics
            said = {a.key: a.value.string_value for a in resource.resource.attributes}
            assert facts.load().accounts[said["cloud.account.id"]].payer == "brl-payer"
            for metric in resource.scope_metrics[0].metrics:
                (point,) = metric.summary.data_points
                assert {a.key for a in point.attributes} == {"Namespace", "MetricName", "Dimensions"}
                assert [q.quantile for q in point.quantile_values][:1] == [0.0]
                points += 1
    assert points > 1000


def test_each_planted_lack_of_metrics_is_told_once(truth: dict[str, Any]) -> None:
    resources = truth["metrics"]["resources"]
    assert len({(r["account_id"], r["region"], r["resource_id"]) for r in resources}) == len(resources)
    lacks = Counter(r["why_none"] for r in resources)
    assert lacks["no stream in the account and region"] >= 2
    assert lacks["nothing of this resource was delivered"] >= 1
    assert lacks["AWS sends nothing while nothing happens"] >= 1
    assert any(r["is_idle"] and r["has_metrics"] for r in resources)
    assert any(r["is_new"] and r["days"] < 14 for r in resources)


@pytest.mark.parametrize("days", [0, 3])
def test_the_number_of_days_can_be_chosen(tmp_path: Path, days: int) -> None:
    write_sample(tmp_path / "s", Request(7, 1, "2026-10", metric_days=days))
    told = json.loads((tmp_path / "s" / "truth.json").read_text())["metrics"]
    assert told["days"] == days and bool(told["points"]) == bool(days)
    begun = {r["first_day"] for r in told["resources"] if r["has_metrics"]}
    assert not begun or min(begun) == "2026-10-10"


def test_the_same_seed_gives_the_same_points() -> None:
    org = facts.load()
    newest = [each for each in editions(org, Request(7, 1, org.end_month)) if each.through == 12]
    first, second = (list(metrics.points_of(org, "usd-payer", newest, 5)) for _ in range(2))
    assert first == second and len(first) > 100
