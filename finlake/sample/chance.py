"""Seeded chance without state: the same seed and name give the same value, in any order of asking. Pure."""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal


def digest(*names: object, size: int = 20) -> bytes:
    """Hash of the names, `size` bytes; the source of every made-up value of the sample."""
    return hashlib.blake2b("\x1f".join(map(str, names)).encode(), digest_size=size).digest()


def share(*names: object) -> Decimal:
    """A number in [0, 1) with three decimals."""
    return Decimal(int.from_bytes(digest(*names, size=4), "big") % 1000) / 1000


def hexadecimal(length: int, *names: object) -> str:
    """Lower-case hexadecimal text."""
    return digest(*names, size=32).hex()[:length]


def digits(length: int, *names: object) -> str:
    """Decimal digits, the first one not 0."""
    low = 10 ** (length - 1)
    return str(low + int.from_bytes(digest(*names, size=16), "big") % (9 * low))


def line_id(*names: object) -> str:
    """52 lower-case characters, as AWS writes identity/LineItemId."""
    return base64.b32encode(digest(*names, size=33)).decode().lower()[:52]


def uuid(*names: object) -> str:
    """Text in the form of a UUID."""
    text = hexadecimal(32, *names)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
