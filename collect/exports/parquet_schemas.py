"""The Parquet files of one delivery have one schema: a column has the same name and type in all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from finlake.bronze import delta_type
from finlake.errors import DeliveryRefused
from finlake.tables import same_type


class Schemas:
    """What the files of a delivery said so far of each column: its spelling, its type, and the file that said so."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[pa.Field, str]] = {}

    def add(self, key: str, schema: pa.Schema) -> None:
        """One more file. Raises DeliveryRefused where a column has another type than before, or another case.

        A column of Parquet's null type says nothing; text and large text are alike, so are instants of any precision.
        """
        for field in _fields(schema):
            first, where = self._known.setdefault(field.name.lower(), (field, key))
            if first.name != field.name:
                raise DeliveryRefused.of(
                    "column_spelt_twice", where=key, column=field.name, other=first.name, file=where
                )
            if pa.types.is_null(first.type):
                self._known[field.name.lower()] = (field, key)
            elif not pa.types.is_null(field.type) and not _alike(first.type, field.type):
                raise DeliveryRefused.of(
                    "column_types_conflict",
                    where=key,
                    column=field.name,
                    type=str(field.type),
                    other=str(first.type),
                    file=where,
                )


def _fields(schema: pa.Schema) -> Iterator[pa.Field]:
    """The columns, and the fields of those that are structs, as `column.field`."""
    for field in schema:
        yield field
        if pa.types.is_struct(field.type):
            yield from (child.with_name(f"{field.name}.{child.name}") for child in field.type)


def _alike(first: pa.DataType, second: pa.DataType) -> bool:
    return same_type(delta_type(first), delta_type(second))
