"""Checks at the door: every file whole, its header and types as the format promises, its rows as wide as its header.

A delivery that fails is refused as a whole, with the file, the line where there is one, and the reason.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from collect.exports import json_cells
from collect.exports.focus_totals import FocusTotals
from collect.exports.oddities import oddities
from collect.exports.parquet_schemas import Schemas
from collect.exports.totals import BadCell, Totals
from collect.source import CUT_OFF, gzip_fault
from finlake.errors import DeliveryRefused, Warned
from finlake.machine_faults import is_the_machines

_BATCH_ROWS = 100_000
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
            checked.rows.append(_add_csv(key, path, header, checked.totals))
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
        _check_schema(key, path, kind, schemas)
    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        parts = [kind() for _ in files]
        sums = [
            pool.submit(_add_parquet, key, path, part) for (key, path), part in zip(files, parts, strict=True)
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


def read_header(key: str, path: Path, totals: Totals) -> list[str]:
    """The header of a CSV.gz whose compressed stream is whole. Raises DeliveryRefused."""
    if fault := gzip_fault(path):
        raise _gzip_refused(key, fault)
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
            header = next(csv.reader(text), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise DeliveryRefused.of("header_unreadable", where=key, detail=short(error)) from error
    columns = [to_column(name) for name in header if not _goes_into_a_map(name)]
    doubled = sorted(
        {name for name in columns if columns.count(name) > 1} | {n for n in header if header.count(n) > 1}
    )
    if doubled:
        raise DeliveryRefused.of("header_doubled", where=key, columns=", ".join(doubled))
    _require(key, header, totals)
    return header


def to_column(name: str) -> str:
    """Legacy CUR's `lineItem/UnblendedCost` as `line_item_unblended_cost`, as AWS names it in Parquet; others unchanged."""
    if "/" not in name:
        return name
    parts = (re.sub(r"(?<=[^A-Z_ /-])(?=[A-Z])|(?<=[A-Z])(?=[A-Z])", "_", part) for part in name.split("/"))
    return re.sub(r"[^a-z0-9_]+", "_", "_".join(parts).lower())


def _goes_into_a_map(name: str) -> bool:
    return name.partition("/")[0] in {"resourceTags", "costCategory", "product"} and "/" in name


def _require(key: str, names: Sequence[str], totals: Totals) -> None:
    missing = [totals.cells[c][0] for c in totals.required if not set(totals.cells[c]) & set(names)]
    if missing:
        raise DeliveryRefused.of("columns_missing", where=key, columns=", ".join(missing))


def _cells_of(names: Sequence[str], totals: Totals) -> dict[str, str]:
    """Cell -> the column that carries it here."""
    have = set(names)
    choices = totals.cells.items()
    return {cell: found[0] for cell, named in choices if (found := [name for name in named if name in have])}


def _add_csv(key: str, path: Path, header: list[str], totals: Totals) -> int:
    bad: list[tuple[int, int]] = []

    def widths(row: pacsv.InvalidRow) -> str:
        bad.append((row.number or 0, row.actual_columns))
        return "skip"

    cells, rows = _cells_of(header, totals), 0
    names = [f"c{i}" for i in range(len(header))]
    wanted = {cell: names[header.index(column)] for cell, column in cells.items()}
    texts = {column: names[header.index(column)] for column in header if column in json_cells.COLUMNS}
    taken, json = [*wanted.values(), *texts.values()], json_cells.JsonCells(key)
    with gzip.open(path, "rb") as stream, _readable(key):
        for batch in _batches(stream, names, taken, widths) if sum(1 for _ in _peek(path)) > 1 else ():
            for column, name in texts.items():
                json.check(column, batch.column(name), rows)
            rows += _add(
                key, {cell: batch.column(column) for cell, column in wanted.items()}, cells, totals, rows
            )
    if bad:
        raise _of_other_width(key, bad, len(header))
    return rows


def _batches(
    stream: gzip.GzipFile, names: list[str], taken: list[str], widths: Callable[[pacsv.InvalidRow], str]
) -> Iterable[pa.RecordBatch]:
    """The columns `taken` of a CSV as text; `widths` is told of rows that are wider or narrower than `names`."""
    return pacsv.open_csv(
        stream,
        read_options=pacsv.ReadOptions(
            use_threads=False, column_names=names, skip_rows=1, block_size=16 << 20
        ),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=widths),
        convert_options=pacsv.ConvertOptions(
            include_columns=taken,
            column_types=dict.fromkeys(taken, pa.string()),
            strings_can_be_null=False,
        ),
    )


@contextmanager
def _readable(key: str) -> Iterator[None]:
    """Arrow's complaints about damaged quoting or text that is no UTF-8, as a refusal."""
    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError) as error:
        if is_the_machines(error):
            raise
        raise no_csv(key, error) from error


def no_csv(key: str, error: Exception) -> DeliveryRefused:
    """The refusal of a CSV file that a reader couldn't go through; the reader's words are the detail."""
    said = short(error)
    if isinstance(error, UnicodeDecodeError) or "utf8" in said.lower() or "utf-8" in said.lower():
        return DeliveryRefused.of("csv_not_text", where=key, detail=said)
    return DeliveryRefused.of("csv_unreadable", where=key, detail=said)


def _peek(path: Path) -> Iterator[bytes]:
    """At most two physical lines: enough to know whether there is a data row."""
    with gzip.open(path, "rb") as stream:
        for _, line in zip(range(2), stream, strict=False):
            yield line


def _of_other_width(key: str, bad: Sequence[tuple[int, int]], width: int) -> DeliveryRefused:
    more = sum(1 for _, actual in bad if actual > width)
    line, actual = bad[0]
    return DeliveryRefused.of(
        "rows_of_other_width",
        where=key,
        count=len(bad),
        width=width,
        more=more,
        fewer=len(bad) - more,
        line=line,
        fields=actual,
    )


def _gzip_refused(key: str, fault: str) -> DeliveryRefused:
    if fault == CUT_OFF:
        return DeliveryRefused.of("gzip_cut_off", where=key)
    return DeliveryRefused.of("gzip_damaged", where=key, detail=fault)


def _no_parquet(key: str, error: Exception) -> DeliveryRefused:
    """A Parquet file without its end, or damaged inside; Arrow's words are the detail."""
    said = short(error)
    if "magic bytes" in said or "footer" in said.lower() or "file is too small" in said.lower():
        return DeliveryRefused.of("parquet_cut_off", where=key, detail=said)
    return DeliveryRefused.of("parquet_damaged", where=key, detail=said)


def _check_schema(key: str, path: Path, kind: type[Totals], schemas: Schemas) -> None:
    with _whole_parquet(key):
        schema = pq.read_schema(path)
        _require(key, schema.names, kind())
        schemas.add(key, schema)
        _require_types(key, schema, _cells_of(schema.names, kind()), kind())
        json_cells.require_types(key, schema)


def _add_parquet(key: str, path: Path, totals: Totals) -> int:
    with _whole_parquet(key):
        file = pq.ParquetFile(path, page_checksum_verification=True)
        cells, rows = _cells_of(file.schema_arrow.names, totals), 0
        texts, json = json_cells.in_text(file.schema_arrow), json_cells.JsonCells(key)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=sorted({*cells.values(), *texts})):
            for column in texts:
                json.check(column, batch.column(column), rows)
            arrays = {cell: _as_text(batch.column(column)) for cell, column in cells.items()}
            rows += _add(key, arrays, cells, totals, rows)
    if rows != file.metadata.num_rows:
        said = f"{file.metadata.num_rows} rows are promised, {rows} are there"
        raise DeliveryRefused.of("parquet_damaged", where=key, detail=said)
    return rows


@contextmanager
def _whole_parquet(key: str) -> Iterator[None]:
    """What Arrow says of damaged bytes, as a refusal."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, LookupError) as error:
        if is_the_machines(error):
            raise
        raise _no_parquet(key, error) from error


def _require_types(key: str, schema: pa.Schema, cells: dict[str, str], totals: Totals) -> None:
    for cell, column in cells.items():
        kind = schema.field(column).type
        number = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
        if cell in totals.money_cells and not (number or text):
            raise DeliveryRefused.of("column_no_number", where=key, column=column, type=str(kind))
        if cell in totals.text_cells and not text:
            raise DeliveryRefused.of("column_no_text", where=key, column=column, type=str(kind))


def _as_text(array: pa.Array) -> pa.Array:
    """Text as it is; other values as text, said once for each distinct value: amounts stay a dictionary of their texts."""
    if pa.types.is_string(array.type):
        return array
    if not pa.types.is_primitive(array.type) or pa.types.is_boolean(array.type):
        return array.cast(pa.string())
    encoded = array.dictionary_encode()
    said = encoded.dictionary.cast(pa.string())
    if pa.types.is_temporal(array.type):
        return said.take(encoded.indices)
    return pa.DictionaryArray.from_arrays(encoded.indices, said)


def _add(key: str, arrays: dict[str, pa.Array], cells: dict[str, str], totals: Totals, before: int) -> int:
    count = len(arrays[totals.required[0]])
    if not count:
        return 0
    try:
        totals.add(arrays)
    except BadCell as bad:
        column, row = cells[bad.column], before + bad.row + 1
        if bad.value is None:
            raise DeliveryRefused.of("cell_blank", where=key, column=column, row=row) from None
        value = repr(bad.value)
        raise DeliveryRefused.of("cell_no_amount", where=key, column=column, row=row, value=value) from None
    return count


def short(error: Exception) -> str:
    """An error's words in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__


__all__ = [
    "Checked",
    "check_files",
    "no_csv",
    "read_header",
    "short",
    "to_column",
]
