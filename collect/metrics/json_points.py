"""Metric streams in JSON: objects one after another, with or without line breaks between them.

Format: «CloudWatch metric stream output in JSON format» of the Amazon CloudWatch user guide. Firehose puts records into one
object as they come, so a break between two records is AWS's habit, not a promise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from collect.metrics.points import Point, PointFault, dimensions_text, incomplete, instant, number, text
from finlake.errors import DeliveryRefused

_BLANK = re.compile(r"[ \t\r\n]*")
_BASE = ("min", "max", "sum", "count")


def points(key: str, content: bytes) -> Iterator[Point]:
    """The points of an unpacked object, in its order. Raises DeliveryRefused naming the line of what can't be read."""
    try:
        written = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _no_json(key, content.count(b"\n", 0, error.start) + 1, str(error)) from error
    decode = json.JSONDecoder(parse_constant=_no_number).raw_decode
    position, end, count = _after_blank(written, 0), len(written), 0
    while position < end:
        count += 1
        try:
            said, position = decode(written, position)
            yield _point(said)
        except (ValueError, RecursionError) as error:
            line = written.count("\n", 0, getattr(error, "pos", position)) + 1
            raise _no_json(key, line, str(error)) from error
        except PointFault as fault:
            raise incomplete(key, count, fault) from fault
        position = _after_blank(written, position)


def _point(said: Any) -> Point:
    if not isinstance(said, dict):
        raise PointFault("metric_name")
    value, named = said.get("value"), said.get("dimensions", {})
    if not isinstance(value, dict):
        raise PointFault("value")
    if not isinstance(named, dict) or not all(isinstance(v, str) for v in named.values()):
        raise PointFault("dimensions")
    if type(said.get("timestamp")) is not int:
        raise PointFault("timestamp")
    minimum, maximum, total, samples = (number(value.get(name), f"value.{name}") for name in _BASE)
    further = tuple((n, number(v, f"value.{n}")) for n, v in sorted(value.items()) if n not in _BASE)
    dimensions = tuple(sorted(named.items()))
    stream, unit = said.get("metric_stream_name"), said.get("unit")
    for name, given in (("metric_stream_name", stream), ("unit", unit)):
        if not isinstance(given, str | None):
            raise PointFault(name)
    return Point(
        stream or None,
        text(said, "account_id"),
        text(said, "region"),
        text(said, "namespace"),
        text(said, "metric_name"),
        dimensions,
        dimensions_text(dimensions),
        instant(said["timestamp"] * 1000, "timestamp"),
        None,
        unit or None,
        minimum,
        maximum,
        total,
        samples,
        further or None,
    )


def _after_blank(written: str, position: int) -> int:
    found = _BLANK.match(written, position)
    return found.end() if found else position


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _no_json(key: str, line: int, detail: str) -> DeliveryRefused:
    return DeliveryRefused.of("metric_json_damaged", where=key, detail=detail, line=line)
