"""A lake with leftovers of a chosen age, and one call of the clean-up, for its tests."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from finlake.cleanup import CleanupManager, CleanupReport
from finlake.settings import CleanupSettings

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
LIMITS = CleanupSettings()


def put(lake: Path, name: str, *, size: int = 10, days_old: float = 0.0) -> Path:
    """A file in the lake, `days_old` days before NOW."""
    file = lake / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    moment = (NOW - timedelta(days=days_old)).timestamp()
    os.utime(file, (moment, moment))
    return file


def clean(lake: Path, limits: CleanupSettings = LIMITS, **options: object) -> CleanupReport:
    keep = options.pop("keep_landing", ())
    return CleanupManager(lake, limits, NOW, **options).run(keep_landing=keep)  # type: ignore[arg-type]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def reasons(report: CleanupReport) -> dict[str, str]:
    return {line["path"]: line["reason"] for line in report.skipped}


def publish(lake: Path, build: str, previous: list[object]) -> None:
    put(lake, "warehouse/published.json")
    pointer = {"build_id": build, "published_at": "2026-05-03T00:00:00Z", "previous": previous}
    (lake / "warehouse/published.json").write_text(json.dumps(pointer))
