"""A frame of results as rows of its contract: types, exact money, and a plain word on whatever does not fit.

Money comes as float64 (an estimate) or Decimal, and is rounded half to even at twelve places; a float by its shortest decimal
form. What is the sum or difference of two others is taken from them, so that it holds to the last place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from finlake.contracts import Contract, arrow_schema
from finlake.errors import FinlakeError

PLACES = 12
_TWELVE = Decimal(1).scaleb(-PLACES)
_TOO_SMALL = 1e-13
"""Rounds to 0 at twelve places; a float with more than 32 places can't be cast."""
_WIDE = pa.decimal256(76, 32)

DERIVED: Mapping[str, tuple[str, str, str]] = {
    "cost": ("modeled_cost", "+", "scheduled_cost"),
    "impact": ("actual_cost", "-", "expected_cost"),
}
"""Money that is made of other money of the same row."""


def rows_of(contract: Contract, frame: pd.DataFrame) -> pa.Table:
    """The frame in the contract's columns and types, in the order of its primary key.

    Optional columns may be missing; absent text is None, NaN or "". Instants are kept to the millisecond, as Athena reads them;
    those without a zone are UTC. Raises FinlakeError that says which column is wrong, and how.
    """
    if unknown := sorted(set(frame.columns) - set(contract.column_names)):
        raise _wrong(contract, f"unknown columns {', '.join(map(str, unknown))}")
    schema = arrow_schema(contract)
    made = {field.name: _column(contract, frame, field) for field in schema}
    for name, (first, sign, second) in DERIVED.items():
        if name in made and first in made and second in made:
            work = pc.add if sign == "+" else pc.subtract
            made[name] = work(made[first], made[second]).cast(schema.field(name).type)
    table = pa.table([made[field.name] for field in schema], names=schema.names)
    _check(contract, table)
    return table.cast(schema).sort_by([(key, "ascending") for key in contract.primary_key])


def content_of(table: pa.Table, without: Sequence[str] = ()) -> str:
    """Hash of the rows in their order: the same values, the same hash, whatever library held them."""
    hashed = hashlib.sha256()
    columns = [name for name in table.schema.names if name not in without]
    texts = table.select(columns)
    texts = texts.cast(pa.schema([pa.field(name, pa.string()) for name in columns]))
    pa_csv.write_csv(texts, pa.PythonFile(_Hashing(hashed.update), mode="w"))
    return hashed.hexdigest()


class _Hashing:
    """A file that keeps nothing."""

    closed = False

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def write(self, data: bytes) -> int:
        self._take(data)
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...


def _column(contract: Contract, frame: pd.DataFrame, field: pa.Field) -> pa.Array:
    if field.name not in frame:
        if not field.nullable and field.name not in DERIVED:
            raise _wrong(contract, f"column {field.name} is missing")
        return pa.nulls(len(frame), field.type)
    values = frame[field.name]
    try:
        if pa.types.is_decimal(field.type):
            return _money(values, field.type)
        if pa.types.is_string(field.type):
            return _text(values)
        array = _whole(pa.array(values, from_pandas=True))
        if pa.types.is_timestamp(field.type):
            if not pa.types.is_timestamp(array.type) or array.type.tz is None:
                array = array.cast(pa.timestamp("us"), safe=False)
            in_utc = array.cast(field.type, safe=False)
            return pc.floor_temporal(in_utc, unit="millisecond").cast(field.type)
        return array.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, InvalidOperation) as error:
        raise _wrong(contract, f"column {field.name}: {str(error).splitlines()[0]}") from error


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _text(values: pd.Series[Any]) -> pa.Array:
    array = _whole(pa.array(values.astype(object).where(values.notna(), None), from_pandas=True))
    text = array.cast(pa.string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _money(values: pd.Series[Any], kind: pa.DataType) -> pa.Array:
    if values.dtype == object:
        with localcontext(prec=76):
            exact = [_rounded(value) for value in values]
        return pa.array(exact, pa.decimal256(76, PLACES)).cast(kind)
    floats = values.to_numpy(dtype="float64", na_value=np.nan)
    if np.isinf(floats).any():
        raise pa.ArrowInvalid("infinite")
    small = np.where(np.abs(floats) < _TOO_SMALL, 0.0, floats)
    texts = pa.array(small, from_pandas=True).cast(pa.string())
    rounded = pc.round(texts.cast(_WIDE), ndigits=PLACES, round_mode="half_to_even")
    return rounded.cast(pa.decimal256(76, PLACES)).cast(kind)


def _rounded(value: Any) -> Decimal | None:
    if value is None or value is pd.NA or value != value:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(_TWELVE, ROUND_HALF_EVEN)


def _check(contract: Contract, table: pa.Table) -> None:
    for column in contract.columns:
        values = table[column.name]
        if column.required and values.null_count:
            raise _wrong(contract, f"column {column.name}: {values.null_count} rows without a value")
        if column.enum:
            others = sorted(set(pc.unique(values.drop_null()).to_pylist()) - set(column.enum))
            if others:
                raise _wrong(contract, f"column {column.name}: {', '.join(map(repr, others[:3]))}")
    keys = list(contract.primary_key)
    if keys and table.num_rows:
        groups = table.group_by(keys).aggregate([]).num_rows
        if groups != table.num_rows:
            raise _wrong(contract, f"{table.num_rows - groups} rows repeat their key ({', '.join(keys)})")


def _wrong(contract: Contract, fault: str) -> FinlakeError:
    return FinlakeError.of("results_wrong", where=f"{contract.layer}.{contract.name}", fault=fault)
