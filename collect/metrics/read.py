"""One metric file, from its bytes to its points: unpacked, and read in the format that its content shows."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from collect.metrics import json_points, otel_points
from collect.metrics.points import Point
from finlake.errors import DeliveryRefused

_GZIP = b"\x1f\x8b"
_GZIP_BITS = 31
_JSON_OBJECT = re.compile(rb"\s*\{\s*\"")
"""A message of 123 bytes also begins with a brace, but never with one and a quote."""


def points(key: str, delivered: bytes) -> Iterator[Point]:
    """All points of a file, in its order. Raises DeliveryRefused; what came before the fault is then no use either.

    The format is told by the content: a stream's format can change under the same names, and Firehose packs whatever it gets.
    """
    content = _unpacked(key, delivered)
    if not content.strip():
        raise DeliveryRefused.of("metric_file_empty", where=key)
    read = json_points.points if _JSON_OBJECT.match(content) else otel_points.points
    yield from read(key, content)


def _unpacked(key: str, delivered: bytes) -> bytes:
    """The content of all gzip members one after another; plain bytes as they are. Each member's checksum is proved."""
    if not delivered.startswith(_GZIP):
        return delivered
    parts, rest = [], delivered
    while rest:
        unpacker = zlib.decompressobj(wbits=_GZIP_BITS)
        try:
            parts.append(unpacker.decompress(rest))
        except zlib.error as error:
            raise DeliveryRefused.of("metric_file_damaged", where=key, detail=str(error)) from error
        if not unpacker.eof:
            raise DeliveryRefused.of("metric_file_cut_off", where=key)
        rest = unpacker.unused_data
    return b"".join(parts)
