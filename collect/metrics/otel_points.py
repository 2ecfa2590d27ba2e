"""Metric streams in OpenTelemetry 1.0.0: protobuf messages, each after its length as a varint.

Format: «CloudWatch metric stream output in OpenTelemetry 1.0.0 format» of the Amazon CloudWatch user guide: a summary point
carries count and sum, its least and greatest value as quantiles 0 and 1, percentiles as the quantiles between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from collect.metrics.points import Point, PointFault, dimensions_text, incomplete, instant, number, text
from finlake.errors import DeliveryRefused
from finlake.yaml_text import read as read_yaml

_UNITS = Path(__file__).with_name("otel_units.yml")
_LENGTH_BYTES = 5


def points(key: str, content: bytes) -> Iterator[Point]:
    """The points of an unpacked object, in its order. Raises DeliveryRefused naming the byte of what can't be read."""
    count = 0
    for offset, message in _messages(key, content):
        request = ExportMetricsServiceRequest()
        try:
            request.ParseFromString(message)
        except DecodeError as error:
            raise _damaged(key, offset, str(error)) from error
        before = count
        for resource in request.resource_metrics:
            attributes = _texts(resource.resource.attributes)
            for metric in (m for scope in resource.scope_metrics for m in scope.metrics):
                for said in metric.summary.data_points:
                    count += 1
                    try:
                        yield _point(attributes, metric.unit, said)
                    except PointFault as fault:
                        if not said.attributes:
                            raise DeliveryRefused.of("metric_otel_version", where=key) from fault
                        raise incomplete(key, count, fault) from fault
        if count == before:
            raise _damaged(key, offset, "a message without a summary point")


def unit_of(said: str) -> str | None:
    """The unit in CloudWatch's word; one that CloudWatch's list doesn't know stays as it is."""
    amount, slash, per = said.partition("/")
    return f"{_units().get(amount, amount)}{slash}{'Second' if per == 's' else per}" or None


def _messages(key: str, content: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, message) of each; the length before it is a little-endian base-128 number."""
    position, end = 0, len(content)
    while position < end:
        start, length = position, 0
        for shift in range(_LENGTH_BYTES):
            if position >= end:
                raise _damaged(key, start, "the file ends within a length")
            byte = content[position]
            position += 1
            length |= (byte & 0x7F) << (7 * shift)
            if byte < 0x80:
                break
        else:
            raise _damaged(key, start, "no length of a message")
        if position + length > end:
            raise _damaged(key, start, "the file ends within a message")
        yield start, content[position : position + length]
        position += length


def _point(resource: Mapping[str, str], unit: str, said: Any) -> Point:
    attributes = _texts(said.attributes)
    dimensions = tuple(sorted(_dimensions(said.attributes)))
    quantiles = {q.quantile: number(q.value, f"quantile {q.quantile}") for q in said.quantile_values}
    if 0.0 not in quantiles or 1.0 not in quantiles:
        raise PointFault("quantile_values")
    further = tuple(sorted((_percentile(q), value) for q, value in quantiles.items() if q not in (0.0, 1.0)))
    return Point(
        resource.get("aws.exporter.arn", "").rpartition("/")[2] or None,
        text(resource, "cloud.account.id"),
        text(resource, "cloud.region"),
        text(attributes, "Namespace"),
        text(attributes, "MetricName"),
        dimensions,
        dimensions_text(dimensions),
        instant(said.start_time_unix_nano // 1000, "start_time_unix_nano"),
        instant(said.time_unix_nano // 1000, "time_unix_nano"),
        unit_of(unit),
        quantiles[0.0],
        quantiles[1.0],
        number(said.sum, "sum"),
        float(said.count),
        further or None,
    )


def _texts(attributes: Iterable[Any]) -> dict[str, str]:
    return {a.key: a.value.string_value for a in attributes}


def _dimensions(attributes: Iterable[Any]) -> list[tuple[str, str]]:
    named = (a.value.kvlist_value.values for a in attributes if a.key == "Dimensions")
    return [(d.key, d.value.string_value) for values in named for d in values]


def _percentile(quantile: float) -> str:
    """CloudWatch's name of a quantile: 0.999 is p99.9."""
    return f"p{Decimal(repr(round(quantile * 100, 10))).normalize():f}"


@cache
def _units() -> dict[str, str]:
    said: dict[str, str] = read_yaml(_UNITS)
    return said


def _damaged(key: str, offset: int, detail: str) -> DeliveryRefused:
    return DeliveryRefused.of("metric_otel_damaged", where=key, detail=detail, offset=offset)
