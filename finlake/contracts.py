"""Table contracts: `models/<layer>/<table>.odcs.yaml` (Open Data Contract Standard 3.1), the home of columns.

Everything that needs a schema derives it here: Arrow for the Delta writer, DDL for Spark, types for DuckDB
and Athena. `physicalType` is written in Hive/Spark spelling; a `timestamp` is an instant in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from open_data_contract_standard.model import DataQuality, OpenDataContractStandard, SchemaProperty
from pydantic import ValidationError
from sqlglot import exp
from sqlglot.errors import ParseError

from finlake.errors import ConfigurationError, NotFound
from finlake.paths import CONTRACTS_DIR
from finlake.yaml_text import read as read_yaml

LAYERS = ("bronze", "silver", "gold")
SUFFIX = ".odcs.yaml"

_SIMPLE_ARROW: dict[Any, pa.DataType] = {
    exp.DataType.Type.TEXT: pa.string(),
    exp.DataType.Type.VARCHAR: pa.string(),
    exp.DataType.Type.BIGINT: pa.int64(),
    exp.DataType.Type.INT: pa.int32(),
    exp.DataType.Type.DOUBLE: pa.float64(),
    exp.DataType.Type.BOOLEAN: pa.bool_(),
    exp.DataType.Type.DATE: pa.date32(),
    exp.DataType.Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Column:
    """One column: name, Hive-spelled type and the promises made about it."""

    name: str
    physical_type: str
    required: bool
    unique: bool
    partition_position: int | None
    description: str
    enum: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quality:
    """A SQL check: `query` counts offending rows of `{table}`; `severity` error stops, warning tells."""

    description: str
    query: str
    must_be: Any
    severity: str


@dataclass(frozen=True)
class Contract:
    """One table of the lake: its layer, columns in order, checks, and `grain` (what one row is)."""

    layer: str
    name: str
    version: str
    grain: str
    purpose: str
    columns: tuple[Column, ...]
    quality: tuple[Quality, ...]
    primary_key: tuple[str, ...]
    path: Path

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in contract order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; raises NotFound."""
        for column in self.columns:
            if column.name == name:
                return column
        raise NotFound.of("contract_column_missing", where=str(self.path), column=repr(name))


def load_contract(layer: str, table: str, root: Path = CONTRACTS_DIR) -> Contract:
    """Read one contract. Raises NotFound, or ConfigurationError with file and key of what is wrong."""
    return _read(layer, table, root / layer / f"{table}{SUFFIX}")


def all_contracts(root: Path = CONTRACTS_DIR) -> tuple[Contract, ...]:
    """Every contract, by layer (bronze, silver, gold) then table name."""
    return tuple(
        load_contract(layer, path.name.removesuffix(SUFFIX), root)
        for layer in LAYERS
        for path in sorted((root / layer).glob(f"*{SUFFIX}"))
    )


def arrow_schema(contract: Contract) -> pa.Schema:
    """Arrow schema for the Delta writer: decimal128, timestamps in UTC; required = not nullable."""
    return pa.schema(
        [
            pa.field(column.name, _arrow_type(_parsed_type(contract, column)), nullable=not column.required)
            for column in contract.columns
        ]
    )


def spark_ddl(contract: Contract) -> str:
    """Comma-separated `name type` list that Spark's and SQLFrame's schema parsers read."""
    return ", ".join(f"{column.name} {column.physical_type}" for column in contract.columns)


def duckdb_types(contract: Contract) -> dict[str, str]:
    """Column name -> DuckDB type, in contract order (timestamps plain, in UTC)."""
    return _types(contract, "duckdb")


def athena_types(contract: Contract) -> dict[str, str]:
    """Column name -> Athena (Trino) type, in contract order."""
    return _types(contract, "athena")


def partition_columns(contract: Contract) -> list[str]:
    """Partition columns in their declared order; empty when the table is not partitioned."""
    keyed = [(c.partition_position, c.name) for c in contract.columns if c.partition_position is not None]
    return [name for _, name in sorted(keyed)]


def _types(contract: Contract, dialect: str) -> dict[str, str]:
    return {c.name: _parsed_type(contract, c).sql(dialect=dialect) for c in contract.columns}


@lru_cache(maxsize=256)
def _read(layer: str, table: str, path: Path) -> Contract:
    if not path.is_file():
        known = ", ".join(sorted(p.name.removesuffix(SUFFIX) for p in path.parent.glob(f"*{SUFFIX}")))
        raise NotFound.of("contract_missing", where=str(path), table=f"{layer}.{table}", tables=known or "-")
    try:
        document = OpenDataContractStandard(**read_yaml(path))
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise _wrong(path, "document", f"not an ODCS document: {error}") from error
    tables = document.schema_ or []
    if len(tables) != 1 or tables[0].name != table:
        raise _wrong(path, "schema", f"must declare exactly one table, named {table!r} like the file")
    declared = tables[0]
    description = document.description
    contract = Contract(
        layer=layer,
        name=table,
        version=document.version or "",
        grain=declared.dataGranularityDescription or declared.description or "",
        purpose=(description.purpose if description else None) or "",
        columns=tuple(_column(path, item) for item in declared.properties or []),
        quality=tuple(_quality(path, n, item) for n, item in enumerate(declared.quality or [])),
        primary_key=_primary_key(declared.properties or []),
        path=path,
    )
    _check(contract)
    return contract


def _column(path: Path, item: SchemaProperty) -> Column:
    if not item.name:
        raise _wrong(path, "schema.properties.name", "a column has no name")
    if not item.physicalType:
        raise _wrong(path, f"schema.properties.{item.name}.physicalType", "is missing")
    return Column(
        name=item.name,
        physical_type=item.physicalType,
        required=bool(item.required),
        unique=bool(item.unique),
        partition_position=item.partitionKeyPosition if item.partitioned else None,
        description=item.description or "",
        enum=tuple(str(entry.value) for entry in item.enum or []),
    )


def _quality(path: Path, number: int, item: DataQuality) -> Quality:
    key = f"schema.quality[{number}]"
    if item.type != "sql" or not item.query:
        raise _wrong(path, key, "only checks of type sql with a query are understood")
    if item.severity not in ("error", "warning"):
        raise _wrong(path, f"{key}.severity", f"must be error or warning, not {item.severity!r}")
    return Quality(
        description=item.description or "", query=item.query, must_be=item.mustBe, severity=item.severity
    )


def _primary_key(properties: list[SchemaProperty]) -> tuple[str, ...]:
    keyed = [(item.primaryKeyPosition or 0, item.name or "") for item in properties if item.primaryKey]
    return tuple(name for _, name in sorted(keyed))


def _check(contract: Contract) -> None:
    names = contract.column_names
    for name in names:
        if names.count(name) > 1:
            raise _wrong(contract.path, f"schema.properties.{name}", "is declared twice")
    if not names:
        raise _wrong(contract.path, "schema.properties", "no columns")
    if not contract.grain:
        raise _wrong(contract.path, "schema.description", "must say what one row is (the grain)")
    for column in contract.columns:
        _arrow_type(_parsed_type(contract, column), contract, column)


def _parsed_type(contract: Contract, column: Column) -> exp.DataType:
    try:
        return _data_type(column.physical_type)
    except (ParseError, ValueError) as error:
        raise _wrong_type(contract, column) from error


@lru_cache(maxsize=256)
def _data_type(physical_type: str) -> exp.DataType:
    """A type's parsed form, once for each spelling: a commit asks for all columns several times. Not to be changed."""
    return exp.DataType.build(physical_type, dialect="hive")


def _arrow_type(
    kind: exp.DataType, contract: Contract | None = None, column: Column | None = None
) -> pa.DataType:
    if kind.this in _SIMPLE_ARROW:
        return _SIMPLE_ARROW[kind.this]
    if kind.this == exp.DataType.Type.DECIMAL and len(kind.expressions) == 2:
        precision, scale = (int(parameter.this.this) for parameter in kind.expressions)
        return pa.decimal128(precision, scale)
    if kind.this == exp.DataType.Type.MAP and len(kind.expressions) == 2:
        key, value = (_arrow_type(part, contract, column) for part in kind.expressions)
        return pa.map_(key, value)
    if kind.this == exp.DataType.Type.ARRAY and len(kind.expressions) == 1:
        return pa.list_(_arrow_type(kind.expressions[0], contract, column))
    if contract is not None and column is not None:
        raise _wrong_type(contract, column)
    raise ConfigurationError.of("contract_type_unknown", type=kind.sql("hive"))


def _wrong_type(contract: Contract, column: Column) -> ConfigurationError:
    return _wrong(
        contract.path,
        f"schema.properties.{column.name}.physicalType",
        f"type {column.physical_type!r} is not supported: use string, int, bigint, double, boolean, date, "
        "timestamp, decimal(p,s), map<..,..> or array<..>",
    )


def _wrong(path: Path, key: str, what: str) -> ConfigurationError:
    return ConfigurationError.of(
        "contract_wrong", where=f"{path}: {key}", file=path.name, key=key, fault=what
    )
