"""Checks at the door: every file whole, its header and types as the format promises, its rows as wide as its header.

A delivery that fails is refused as a whole, with the file, the line where there is one, and the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from collect.exports.check_csv import add_csv, read_header
from collect.exports.check_parquet import add_parquet, check_schema
from collect.exports.focus_totals import FocusTotals
from collect.exports.oddities import oddities
from collect.exports.parquet_schemas import Schemas
from collect.exports.totals import Totals
from finlake.errors import DeliveryRefused, Warned

_FILES_AT_ONCE = 2


@dataclass
class Checked:
    """What the check of a delivery's files found: rows per file, CSV headers per file, the totals, and warnings to tell."""

    rows: list[int] = field(default_factory=list)
    headers: list[list[str]] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    warnings: list[Warned] = field(default_factory=list)


def check_files(
    files: Sequence[tuple[str, Path]],
    file_format: str,
    progress: Callable[[str], None],
    source_format: str = "cur2",
) -> Checked:
    """Check all files of a delivery: (key as delivered, local copy). Raises DeliveryRefused for the first that fails."""
    kind = FocusTotals if source_format == "focus" else Totals
    checked = Checked(totals=kind())
    if file_format == "csv":
        for key, path in files:
            progress(key)
            _refuse_empty(key, path)
            header = read_header(key, path, checked.totals)
            checked.headers.append(header)
            checked.rows.append(add_csv(key, path, header, checked.totals))
            _refuse_unknown_words(key, checked.totals)
    else:
        _check_parquet(files, checked, kind, progress)
    checked.warnings = oddities(checked.totals)
    return checked


def _check_parquet(
    files: Sequence[tuple[str, Path]], checked: Checked, kind: type[Totals], progress: Callable[[str], None]
) -> None:
    """All schemas first, then the cells, two files at a time: Arrow works outside Python's lock."""
    schemas = Schemas()
    for key, path in files:
        _refuse_empty(key, path)
        check_schema(key, path, kind, schemas)
    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        parts = [kind() for _ in files]
        sums = [
            pool.submit(add_parquet, key, path, part) for (key, path), part in zip(files, parts, strict=True)
        ]
        try:
            for (key, _), part, rows in zip(files, parts, sums, strict=True):
                progress(key)
                checked.rows.append(rows.result())
                checked.totals.merge(part)
                _refuse_unknown_words(key, checked.totals)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _refuse_empty(key: str, path: Path) -> None:
    if path.stat().st_size == 0:
        raise DeliveryRefused.of("file_empty", where=key)


def _refuse_unknown_words(key: str, totals: Totals) -> None:
    if isinstance(totals, FocusTotals) and totals.unknown_words:
        raise DeliveryRefused.of("category_unknown", where=key, words=", ".join(totals.unknown_words))
