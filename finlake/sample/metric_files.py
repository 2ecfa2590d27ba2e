"""Write the sample's metrics as Firehose leaves a CloudWatch metric stream in a bucket: gzip files in folders of hours.

Formats: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats.html
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from finlake.sample import chance, metrics
from finlake.sample.facts import Organisation
from finlake.sample.metrics import Point
from finlake.sample.plan import Edition, Request

FOLDER = "metrics"
PERCENTILE = 0.99


def write(root: Path, org: Organisation, request: Request, newest: list[Edition]) -> dict[str, Any]:
    """Write every payer's stream below `root`/metrics. Returns the truth about it."""
    if not request.metric_days:
        return {"days": 0, "files": 0, "points": 0, "resources": []}
    formats, told, files = metrics.load().formats, list[Point](), 0
    for payer in org.payers:
        points = list(metrics.points_of(org, payer, newest, request.metric_days))
        make = _json if formats[payer] == "json" else _otel
        for at, delivered in sorted(_by_delivery(points).items()):
            path = root / FOLDER / payer / f"{at:%Y/%m/%d/%H}" / _name(request.seed, payer, at)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(make(delivered), mtime=0))
            files += 1
        told += points
    return {
        "days": request.metric_days,
        "formats": formats,
        "files": files,
        "points": len(told),
        "late_points": sum(p.delivered_at[0] - p.at > 2 * metrics.DAY for p in told),
        "repeated_points": sum(len(p.delivered_at) > 1 for p in told),
        "resources": metrics.resources(org, newest, told),
    }


def _by_delivery(points: list[Point]) -> dict[datetime, list[Point]]:
    files: dict[datetime, list[Point]] = defaultdict(list)
    for point in points:
        for at in point.delivered_at:
            files[at].append(point)
    return files


def _name(seed: int, payer: str, at: datetime) -> str:
    return f"{metrics.load().stream}-1-{at:%Y-%m-%d-%H-%M-%S}-{chance.uuid(seed, payer, at.isoformat())}.gz"


def _json(points: list[Point]) -> bytes:
    """JSON format: one object a line."""
    return b"".join(json.dumps(_object(point)).encode() + b"\n" for point in points)


def _object(point: Point) -> dict[str, Any]:
    value = {"max": point.maximum, "min": point.minimum, "sum": point.total, "count": float(point.samples)}
    return {
        "metric_stream_name": metrics.load().stream,
        "account_id": point.workload.account,
        "region": point.region,
        "namespace": point.namespace,
        "metric_name": point.metric,
        "dimensions": dict(point.dimensions),
        "timestamp": round(point.at.timestamp() * 1000),
        "value": value | ({"p99": point.p99} if point.p99 is not None else {}),
        "unit": point.unit,
    }


def _otel(points: list[Point]) -> bytes:
    """OpenTelemetry 1.0.0: a message for each account and region, each after its length."""
    from google.protobuf.internal.encoder import _VarintBytes
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    groups: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in points:
        groups[point.workload.account, point.region].append(point)
    written = b""
    for (account, region), group in sorted(groups.items()):
        message = ExportMetricsServiceRequest()
        resource = message.resource_metrics.add()
        arn = f"arn:aws:cloudwatch:{region}:{account}:metric-stream/{metrics.load().stream}"
        said = {
            "cloud.provider": "aws",
            "cloud.account.id": account,
            "cloud.region": region,
            "aws.exporter.arn": arn,
        }
        for key, text in said.items():
            _attribute(resource.resource.attributes, key, text)
        scope = resource.scope_metrics.add()
        for point in group:
            _summary(scope.metrics.add(), point)
        content = message.SerializeToString(deterministic=True)
        written += _VarintBytes(len(content)) + content
    return written


def _summary(metric: Any, point: Point) -> None:
    metric.name = f"amazonaws.com/{point.namespace}/{point.metric}"
    metric.unit = metrics.load().otel_units[point.unit]
    said = metric.summary.data_points.add()
    said.start_time_unix_nano = round(point.at.timestamp()) * 10**9
    said.time_unix_nano = round((point.at + timedelta(hours=point.hours)).timestamp()) * 10**9
    said.count, said.sum = point.samples, point.total
    _attribute(said.attributes, "Namespace", point.namespace)
    _attribute(said.attributes, "MetricName", point.metric)
    named = said.attributes.add(key="Dimensions").value.kvlist_value.values
    for key, text in point.dimensions:
        _attribute(named, key, text)
    quantiles = {0.0: point.minimum, PERCENTILE: point.p99, 1.0: point.maximum}
    for quantile, value in quantiles.items():
        if value is not None:
            said.quantile_values.add(quantile=quantile, value=value)


def _attribute(attributes: Any, key: str, text: str) -> None:
    attributes.add(key=key).value.string_value = text
