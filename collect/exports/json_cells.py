"""Columns of keys and values that a delivery holds as JSON text (tags, categories, product): each cell is an object or blank.

Read in Python's own JSON, each distinct text once: strict where DuckDB's and Spark's readers each let other mistakes pass
(docs/decisions/0013-quirks.md).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finlake.engines.bill import FOCUS_MAPS, JSON_BLANKS, MAPS
from finlake.errors import DeliveryRefused

COLUMNS = frozenset({*MAPS.values(), *FOCUS_MAPS})
"""The columns that silver reads as keys and values. Others (discount, x_Discounts) are kept as they are, unread."""
_REMEMBERED = 20_000
_SHOWN = 60
_DEEPEST, _LONGEST_NUMBER = 100, 300
"""Beyond these an engine's own reader may give up: levels of a value, digits of a number."""


class JsonCells:
    """Looks at such columns of one file, batch by batch. `key` is the file's name as delivered."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._known: set[str] = set()

    def check(self, column: str, cells: pa.Array, before: int) -> None:
        """Raises DeliveryRefused for the first cell that is no JSON object and not blank; `before`: rows of earlier batches."""
        encoded = cells if isinstance(cells, pa.DictionaryArray) else cells.dictionary_encode()
        wrong = [place for place, text in enumerate(encoded.dictionary.to_pylist()) if not self._fine(text)]
        if wrong:
            row = pc.index(pc.is_in(encoded.indices, pa.array(wrong, encoded.indices.type)), True).as_py()
            if row >= 0:
                raise self._refused(column, cells[row].as_py(), before + row + 1)

    def _fine(self, text: str | None) -> bool:
        if text is None or text in self._known:
            return True
        if not is_object(text):
            return False
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known.add(text)
        return True

    def _refused(self, column: str, value: str, row: int) -> DeliveryRefused:
        said = repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
        return DeliveryRefused.of("cell_no_json", where=self._key, column=column, row=row, value=said)


def check_parquet(key: str, file: pq.ParquetFile) -> None:
    """All such columns of a Parquet file. Raises DeliveryRefused."""
    columns, cells, rows = in_text(file.schema_arrow), JsonCells(key), 0
    for batch in file.iter_batches(columns=columns) if columns else ():
        for column in columns:
            cells.check(column, batch.column(column), rows)
        rows += batch.num_rows


def in_text(schema: pa.Schema) -> list[str]:
    """The columns of keys and values that a Parquet file holds as text."""
    return [field.name for field in schema if field.name in COLUMNS and _is_text(field.type)]


def require_types(key: str, schema: pa.Schema) -> None:
    """Raises DeliveryRefused for a column of keys and values whose type can hold none."""
    for field in schema:
        kind = field.type
        if field.name in COLUMNS and not (_is_text(kind) or pa.types.is_null(kind) or _has_keys(kind)):
            raise DeliveryRefused.of("column_no_map", where=key, column=field.name, type=str(kind))


def is_object(text: str) -> bool:
    """Whether both engines read this text as keys and values: a JSON object, `null`, or nothing at all."""
    text = text.strip(JSON_BLANKS)
    if not text:
        return True
    try:
        said = _DECODER.decode(text)
        if said is not None and not isinstance(said, dict):
            return False
        if "\\u" in text:
            json.dumps(said, ensure_ascii=False).encode()  # half of a surrogate pair is no character
        return text.count("{") + text.count("[") <= _DEEPEST or _depth(said) <= _DEEPEST
    except (ValueError, RecursionError):
        return False


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _number(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("longer than any number that means something")
    return text


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_no_number)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _has_keys(kind: pa.DataType) -> bool:
    """A map, a struct of keys, or a list of pairs."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return bool(pa.types.is_struct(kind.value_type) and kind.value_type.num_fields == 2)
    return bool(pa.types.is_map(kind) or pa.types.is_struct(kind))
