"""The only place that asks what time it is. Everything else takes instants, days and periods as parameters."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present instant, timezone-aware, UTC."""
    return datetime.now(UTC)
