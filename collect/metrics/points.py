"""Data points of a metric stream, whichever format delivered them: what one is, and what it must hold to be taken."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from finlake.errors import DeliveryRefused

EARLIEST, LATEST = 946_684_800_000_000, 4_102_444_800_000_000
"""2000-01-01 and 2100-01-01 UTC in microseconds: a time outside is a damaged one."""

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class Point(NamedTuple):
    """One data point: the statistics of one metric over one period, in the columns of bronze.metric_points.

    `begins_at` and `ends_at` in microseconds since 1970 UTC; `ends_at` only where the format delivers it.
    """

    metric_stream_name: str | None
    account_id: str
    region: str
    namespace: str
    metric_name: str
    dimensions: tuple[tuple[str, str], ...]
    dimensions_text: str
    begins_at: int
    ends_at: int | None
    unit: str | None
    minimum: float
    maximum: float
    sum: float
    sample_count: float
    statistics: tuple[tuple[str, float], ...] | None


class PointFault(Exception):
    """A point that can't be taken: which part of it is missing or no value of its kind."""


def text(holder: Mapping[str, Any], name: str) -> str:
    """A filled text. Raises PointFault."""
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise PointFault(name)
    return value


def number(value: Any, name: str) -> float:
    """A finite number as double. Raises PointFault."""
    if type(value) is not float and type(value) is not int:
        raise PointFault(name)
    try:
        said = float(value)
    except OverflowError:
        raise PointFault(name) from None
    if not math.isfinite(said):
        raise PointFault(name)
    return said


def instant(microseconds: int, name: str) -> int:
    """A plausible instant. Raises PointFault."""
    if not EARLIEST <= microseconds < LATEST:
        raise PointFault(name)
    return microseconds


@lru_cache(maxsize=65536)
def dimensions_text(dimensions: tuple[tuple[str, str], ...]) -> str:
    """The dimensions as compact JSON with sorted names: the same set, the same text."""
    return _compact(dict(dimensions))


def incomplete(key: str, position: int, fault: PointFault) -> DeliveryRefused:
    return DeliveryRefused.of("metric_point_incomplete", where=key, number=position, field=str(fault))
