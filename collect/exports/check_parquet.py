"""Parquet files of a delivery at the door: whole, their types as the format promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from collect.exports import json_cells
from collect.exports.check_cells import add, cells_of, require, short
from collect.exports.parquet_schemas import Schemas
from collect.exports.totals import Totals
from finlake.errors import DeliveryRefused
from finlake.machine_faults import is_the_machines

_BATCH_ROWS = 100_000


def check_schema(key: str, path: Path, kind: type[Totals], schemas: Schemas) -> None:
    with _whole_parquet(key):
        schema = pq.read_schema(path)
        require(key, schema.names, kind())
        schemas.add(key, schema)
        _require_types(key, schema, cells_of(schema.names, kind()), kind())
        json_cells.require_types(key, schema)


def add_parquet(key: str, path: Path, totals: Totals) -> int:
    with _whole_parquet(key):
        file = pq.ParquetFile(path, page_checksum_verification=True)
        cells, rows = cells_of(file.schema_arrow.names, totals), 0
        texts, json = json_cells.in_text(file.schema_arrow), json_cells.JsonCells(key)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=sorted({*cells.values(), *texts})):
            for column in texts:
                json.check(column, batch.column(column), rows)
            arrays = {cell: _as_text(batch.column(column)) for cell, column in cells.items()}
            rows += add(key, arrays, cells, totals, rows)
    if rows != file.metadata.num_rows:
        said = f"{file.metadata.num_rows} rows are promised, {rows} are there"
        raise DeliveryRefused.of("parquet_damaged", where=key, detail=said)
    return rows


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


@contextmanager
def _whole_parquet(key: str) -> Iterator[None]:
    """What Arrow says of damaged bytes, as a refusal."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, LookupError) as error:
        if is_the_machines(error):
            raise
        raise _no_parquet(key, error) from error


def _no_parquet(key: str, error: Exception) -> DeliveryRefused:
    """A Parquet file without its end, or damaged inside; Arrow's words are the detail."""
    said = short(error)
    if "magic bytes" in said or "footer" in said.lower() or "file is too small" in said.lower():
        return DeliveryRefused.of("parquet_cut_off", where=key, detail=said)
    return DeliveryRefused.of("parquet_damaged", where=key, detail=said)
