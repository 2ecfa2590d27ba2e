"""Metric streams as Firehose leaves them in a bucket, in both formats, for tests that load them."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from google.protobuf.internal.encoder import _VarintBytes
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from rich.progress import Progress

from finlake.paths import PROJECT_ROOT
from finlake.settings import load_settings
from pipeline.metrics_steps import run_ingest

UNITS = {
    cloudwatch: otel
    for otel, cloudwatch in yaml.safe_load(
        (PROJECT_ROOT / "collect/metrics/otel_units.yml").read_text(encoding="utf-8")
    ).items()
}
MARCH_10 = datetime(2026, 3, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """One data point as a test says it. `at` is the start of its minute."""

    at: datetime = MARCH_10
    minimum: float = 1.0
    maximum: float = 3.0
    total: float = 4.0
    count: float = 2.0
    metric: str = "CPUUtilization"
    unit: str = "Percent"
    namespace: str = "AWS/EC2"
    account: str = "012300000065"
    region: str = "us-east-1"
    dimensions: dict[str, str] = field(default_factory=lambda: {"InstanceId": "i-1"})
    further: dict[str, float] = field(default_factory=dict)


def samples_of(content: bytes) -> list[Sample]:
    """The points of a JSON file of a metric stream."""
    return [
        Sample(
            at=datetime.fromtimestamp(said["timestamp"] / 1000, UTC),
            minimum=said["value"]["min"],
            maximum=said["value"]["max"],
            total=said["value"]["sum"],
            count=said["value"]["count"],
            metric=said["metric_name"],
            unit=said["unit"],
            namespace=said["namespace"],
            account=said["account_id"],
            region=said["region"],
            dimensions=said["dimensions"],
        )
        for said in map(json.loads, gzip.decompress(content).splitlines())
    ]


def as_json(samples: Iterable[Sample], between: str = "\n") -> bytes:
    """JSON objects, with or without a line break between them."""
    return between.join(json.dumps(_object(s), ensure_ascii=False) for s in samples).encode()


def _object(s: Sample) -> dict[str, Any]:
    value = {"max": s.maximum, "min": s.minimum, "sum": s.total, "count": s.count} | s.further
    return {
        "metric_stream_name": "a-stream",
        "account_id": s.account,
        "region": s.region,
        "namespace": s.namespace,
        "metric_name": s.metric,
        "dimensions": s.dimensions,
        "timestamp": round(s.at.timestamp() * 1000),
        "value": value,
        "unit": s.unit,
    }


def as_otel(samples: Iterable[Sample], in_message: int = 100) -> bytes:
    """OpenTelemetry 1.0.0: messages of some points each, every one after its length."""
    waiting, messages = list(samples), []
    while some := waiting[:in_message]:
        waiting = waiting[in_message:]
        request = ExportMetricsServiceRequest()
        for sample in some:
            _add(request, sample)
        written = request.SerializeToString()
        messages.append(_VarintBytes(len(written)) + written)
    return b"".join(messages)


def _add(request: ExportMetricsServiceRequest, s: Sample) -> None:
    resource = request.resource_metrics.add()
    arn = f"arn:aws:cloudwatch:{s.region}:{s.account}:metric-stream/a-stream"
    said = {"cloud.provider": "aws", "cloud.account.id": s.account, "cloud.region": s.region}
    for key, value in (said | {"aws.exporter.arn": arn}).items():
        _text(resource.resource.attributes.add(), key, value)
    metric = resource.scope_metrics.add().metrics.add()
    metric.name = f"amazonaws.com/{s.namespace}/{s.metric}"
    amount, slash, _ = s.unit.partition("/")
    metric.unit = UNITS.get(amount, amount) + ("/s" if slash else "")
    point = metric.summary.data_points.add()
    begins = round(s.at.timestamp() * 1000) * 1_000_000
    point.start_time_unix_nano, point.time_unix_nano = begins, begins + 60_000_000_000
    point.count, point.sum = int(s.count), s.total
    quantiles = {0.0: s.minimum, 1.0: s.maximum}
    for name, value in s.further.items():
        quantiles[float(name.removeprefix("p")) / 100] = value
    for quantile, value in sorted(quantiles.items()):
        point.quantile_values.add(quantile=quantile, value=value)
    _text(point.attributes.add(), "Namespace", s.namespace)
    _text(point.attributes.add(), "MetricName", s.metric)
    dimensions = point.attributes.add()
    dimensions.key = "Dimensions"
    for key, value in s.dimensions.items():
        _text(dimensions.value.kvlist_value.values.add(), key, value)


def _text(attribute: KeyValue, key: str, value: str) -> None:
    attribute.key, attribute.value.string_value = key, value


def put(
    source: Path,
    content: bytes,
    delivered: datetime,
    *,
    packed: bool = True,
    prefix: str = "",
    number: int = 1,
) -> Path:
    """A file as Firehose names and places it; `number` tells files of one second apart."""
    name = f"a-stream-1-{delivered:%Y-%m-%d-%H-%M-%S}-{uuid.UUID(int=number)}"
    path = source / prefix / f"{delivered:%Y/%m/%d/%H}" / (name + (".gz" if packed else ""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return path


def load(lake: Path | str, source: Path | str) -> dict[str, Any]:
    """One ingest of metrics in this process; its account's part about metrics, and `steps`."""
    settings = load_settings(lake=str(lake), metrics_source=str(source))
    said = run_ingest(settings, Progress(disable=True))
    return dict(said["metrics"]) | {"steps": said["steps"]}


def expected(
    delivered: Sequence[tuple[datetime, Sequence[Sample]]],
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What silver must say of files in the order of their delivery, computed without the job: the last value of a point counts.

    (grain, start, account, region, namespace, metric, dimensions, unit) -> (minimum, maximum, sum, count, points).
    """
    newest: dict[tuple[Any, ...], Sample] = {}
    for _, samples in delivered:
        for s in samples:
            series = (s.account, s.region, s.namespace, s.metric, tuple(sorted(s.dimensions.items())), s.unit)
            newest[s.at, *series] = s
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for (at, *series), s in sorted(newest.items(), key=lambda item: item[0][0]):
        hour = at.replace(minute=0, second=0, microsecond=0)
        for grain, start in (("hour", hour), ("day", hour.replace(hour=0))):
            low, high, total, count, points = rows.get((grain, start, *series), (None, None, 0.0, 0.0, 0))
            rows[grain, start, *series] = (
                s.minimum if low is None else min(low, s.minimum),
                s.maximum if high is None else max(high, s.maximum),
                total + s.total,
                count + s.count,
                points + 1,
            )
    return rows


def in_short(rows: pa.Table) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Rows of silver in the form of `expected`."""
    keys = ("grain", "period_start", "account_id", "region", "namespace", "metric_name")
    measures = ("minimum", "maximum", "sum", "sample_count", "point_count")
    return {
        (*(row[key] for key in keys), tuple(sorted(row["dimensions"])), row["unit"]): tuple(
            row[measure] for measure in measures
        )
        for row in rows.to_pylist()
    }
