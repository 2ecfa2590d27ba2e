"""CSV files of a delivery at the door: the compressed stream whole, the header sound, every row as wide as it."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from collect.exports import json_cells
from collect.exports.check_cells import add, cells_of, require, short
from collect.exports.totals import Totals
from collect.source import CUT_OFF, gzip_fault
from finlake.errors import DeliveryRefused
from finlake.machine_faults import is_the_machines


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
    require(key, header, totals)
    return header


def to_column(name: str) -> str:
    """Legacy CUR's `lineItem/UnblendedCost` as `line_item_unblended_cost`, as AWS names it in Parquet; others unchanged."""
    if "/" not in name:
        return name
    parts = (re.sub(r"(?<=[^A-Z_ /-])(?=[A-Z])|(?<=[A-Z])(?=[A-Z])", "_", part) for part in name.split("/"))
    return re.sub(r"[^a-z0-9_]+", "_", "_".join(parts).lower())


def _goes_into_a_map(name: str) -> bool:
    return name.partition("/")[0] in {"resourceTags", "costCategory", "product"} and "/" in name


def add_csv(key: str, path: Path, header: list[str], totals: Totals) -> int:
    bad: list[tuple[int, int]] = []

    def widths(row: pacsv.InvalidRow) -> str:
        bad.append((row.number or 0, row.actual_columns))
        return "skip"

    cells, rows = cells_of(header, totals), 0
    names = [f"c{i}" for i in range(len(header))]
    wanted = {cell: names[header.index(column)] for cell, column in cells.items()}
    texts = {column: names[header.index(column)] for column in header if column in json_cells.COLUMNS}
    taken, json = [*wanted.values(), *texts.values()], json_cells.JsonCells(key)
    with gzip.open(path, "rb") as stream, _readable(key):
        for batch in _batches(stream, names, taken, widths) if sum(1 for _ in _peek(path)) > 1 else ():
            for column, name in texts.items():
                json.check(column, batch.column(name), rows)
            rows += add(
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
