"""The embedded engine's own part of reading bills: what can't be said in the PySpark API that both engines share.

Bronze files in, one raw frame out, with CUR 2.0 spelling: scalar columns, and the maps resource_tags, cost_category, product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from finlake.contracts import Contract, duckdb_types, partition_columns
from finlake.engines.duckdb import connect
from finlake.objects import is_s3

MAPS = {"resourceTags": "resource_tags", "costCategory": "cost_category", "product": "product"}
_NOTHING = "INTEGER"
"""What DuckDB says of a Parquet column without any value, though it gives it a type that SQLFrame doesn't know: taken as text."""
_FLAT_TAGS, _FLAT_CATEGORIES = "resource_tags_", "cost_category_"

# Exact a*b/c, half up at 12 places. DuckDB divides decimals as doubles, so this works on whole units of 1e-12 (128 bit).
_MUL_DIV = """
create or replace temp macro units(x) as cast(replace(cast(x as varchar), '.', '') as hugeint);
create or replace temp macro of_units(q) as
  cast(cast(q // 1000000000000 as bigint) as decimal(28,12))
  + cast(cast(cast(q % 1000000000000 as bigint) as decimal(19,0)) * cast('0.000000000001' as decimal(13,12)) as decimal(28,12));
create or replace temp macro half_up(n, d) as sign(n) * sign(d) * ((2 * abs(n) + abs(d)) // (2 * abs(d)));
create or replace temp macro scaled(x, y, z) as half_up(x * (y // gcd(y, z)), z // gcd(y, z));
create or replace temp macro mul_div(a, b, c) as
  case when c <> 0 then cast(of_units(scaled(units(cast(a as decimal(28,12))), units(cast(b as decimal(28,12))),
                                             units(cast(c as decimal(28,12))))) as decimal(28,12)) end;
"""

# Text to money. DuckDB's own cast rounds scientific notation wrongly (5.0E-14 becomes 1E-12), so the point is moved in the text.
_MONEY_OF = """
create or replace temp macro shifted(sign, digits, point) as sign || case
  when point < -40 then '0'
  when point <= 0 then '0.' || repeat('0', -point) || digits
  when point >= length(digits) then digits || repeat('0', least(point, 40) - length(digits))
  else digits[:point] || '.' || digits[point + 1:] end;
create or replace temp macro unscaled(mantissa, exponent) as shifted(
  case when starts_with(mantissa, '-') then '-' else '' end,
  replace(ltrim(mantissa, '+-'), '.', ''),
  length(split_part(ltrim(mantissa, '+-'), '.', 1)) + exponent);
create or replace temp macro money_of(t) as try_cast(case
  when contains(t, '_') then null
  when contains(lower(t), 'e') and regexp_full_match(trim(t), '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]{1,4}')
  then unscaled(split_part(lower(trim(t)), 'e', 1), cast(split_part(lower(trim(t)), 'e', 2) as integer))
  else t end as decimal(28,12));
"""


class DuckDBEngine:
    """Runs the jobs on DuckDB: frames are SQLFrame's, results stream out as Arrow."""

    name = "duckdb"

    def __init__(self, lake: str = "") -> None:
        from sqlframe.base.session import _BaseSession
        from sqlframe.duckdb import DuckDBSession, functions

        self.connection: duckdb.DuckDBPyConnection = connect(lake=lake)
        self.connection.execute(_MUL_DIV)
        self.connection.execute(_MONEY_OF)
        self.connection.execute("set preserve_insertion_order=false")
        _BaseSession._instance = (
            None  # SQLFrame would hand out the session of an earlier engine, whose connection is closed
        )
        self._session = DuckDBSession(conn=self.connection)
        self.functions: Any = functions

    def raw_view(self, name: str, files: Sequence[str], keys: dict[str, str]) -> str:
        """Make a view over one delivery's bronze files: maps folded, the delivery's keys added. One row for each line.

        Returns the name of a view of the same shape, the same for all deliveries with these columns and types.
        """
        scan = f"read_parquet({_list(files)}, union_by_name=true, hive_partitioning=false)"
        columns = [
            (row[0], row[1]) for row in self.connection.execute(f"describe select * from {scan}").fetchall()
        ]
        shape = f"shape_{hashlib.sha256(repr((columns, sorted(keys))).encode()).hexdigest()[:12]}"
        query = f"select {_folded([c for c in columns if c[0] not in keys])}{_added(keys)} from {scan}"
        self.view(name, query)
        return self.view(shape, query)

    def partition_view(self, name: str, files: Sequence[str], keys: dict[str, str]) -> str:
        """A view over the Parquet files of one partition, its partition keys added as columns."""
        scan = f"read_parquet({_list(files)}, hive_partitioning=false)"
        return self.view(name, f"select *{_added(keys)} from {scan}")

    def view(self, name: str, query: str) -> str:
        self.connection.execute(f"create or replace view {name} as {query}")
        return name

    def frame(self, name: str) -> Any:
        """The frame of a view or table of this engine."""
        return self._session.table(name)

    def rows_table(self, name: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> str:
        """A small table of text columns."""
        table = pa.table({c: pa.array([row[i] for row in rows], pa.string()) for i, c in enumerate(columns)})
        self.connection.register("handed_over", table)
        self.connection.execute(f"create or replace table {name} as select * from handed_over")
        self.connection.unregister("handed_over")
        return name

    def sql(self, frame: Any) -> str:
        """The DuckDB SQL of a frame."""
        said = frame.sql(dialect="duckdb", optimize=False)
        return str(said if isinstance(said, str) else said[0])

    def reader(self, query: str, schema: pa.Schema) -> pa.RecordBatchReader:
        """A query's rows as a stream of Arrow batches in exactly the given schema."""
        names = ", ".join(f'"{name}"' for name in schema.names)
        stream = self.connection.sql(f"select {names} from ({query})").to_arrow_reader(100_000)
        return pa.RecordBatchReader.from_batches(schema, (_cast(batch, schema) for batch in stream))

    def write(self, query: str, contract: Contract, folder: str) -> None:
        """A query's rows as Parquet files in a new folder (local or s3://): what a partition's files hold."""
        kinds = duckdb_types(contract)
        columns = ", ".join(
            f"cast({_name(name)} as {kinds[name].replace('TIMESTAMP', 'TIMESTAMPTZ')}) as {_name(name)}"
            for name in kinds
            if name not in partition_columns(contract)
        )
        if not is_s3(folder):
            Path(folder).mkdir(parents=True)
        self.connection.execute(
            f"copy (select {columns} from ({query})) to {_quote(folder)} "
            "(format parquet, compression snappy, per_thread_output true, overwrite_or_ignore true)"
        )

    def fold_csv(
        self, files: Sequence[Path], headers: Sequence[Sequence[str]], target: Path, rename: Any
    ) -> int:
        """Delivered CSV files -> one Parquet file, every value as text, tag/category/product columns folded into maps
        under their original keys. `rename` turns a delivered header into a column name. Returns the number of rows."""
        parts = [_csv_select(file, header, rename) for file, header in zip(files, headers, strict=True)]
        query = " union all by name ".join(parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        copied = self.connection.execute(
            f"copy ({query}) to {_quote(str(target))} (format parquet, compression zstd)"
        ).fetchone()
        return int(copied[0]) if copied else 0

    def close(self) -> None:
        self.connection.close()


def _csv_select(file: Path, header: Sequence[str], rename: Any) -> str:
    """Columns by position: delivered names may differ only in case, which DuckDB would rename."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
    scan = (
        f"read_csv({_quote(str(file))}, auto_detect=false, header=false, skip=1, delim=',', quote='\"', escape='\"', "
        f"strict_mode=true, null_padding=false, ignore_errors=false, max_line_size=33554432, columns={{{columns}}})"
    )
    folded: dict[str, list[str]] = {name: [] for name in MAPS.values()}
    plain: dict[str, str] = {}
    for position, name in enumerate(header):
        group, _, key = name.partition("/")
        if key and group in MAPS:
            folded[MAPS[group]].append(f"{{'key': {_quote(key)}, 'value': c{position}}}")
        else:
            plain.setdefault(rename(name), f"c{position}")
    selected = [f"{value} as {_name(name)}" for name, value in plain.items()]
    for name, entries in folded.items():
        if name not in plain:
            selected.append(f"{_map_of(entries)} as {name}")
    return f"select {', '.join(selected)} from {scan}"


def _map_of(entries: Sequence[str]) -> str:
    if not entries:
        return "map([]::varchar[], []::varchar[])"
    kept = f"list_filter([{', '.join(entries)}], lambda e: e.value is not null and e.value <> '')"
    return f"map_from_entries({kept})"


def _folded(columns: Sequence[tuple[str, str]]) -> str:
    """Select list of the raw frame: flat tag and category columns and JSON text become maps, `user:` becomes `user_`."""
    names = {name for name, _ in columns}
    tags = [n for n in sorted(names) if n.startswith(_FLAT_TAGS)]
    categories = [n for n in sorted(names) if n.startswith(_FLAT_CATEGORIES)]
    plain = [(n, kind) for n, kind in columns if n not in {*tags, *categories, *MAPS.values()}]
    selected = [
        f"cast({_name(n)} as varchar) as {_name(n)}" if kind == _NOTHING else _name(n) for n, kind in plain
    ]
    types = dict(columns)
    for column, flat, prefix in (
        ("resource_tags", tags, _FLAT_TAGS),
        ("cost_category", categories, _FLAT_CATEGORIES),
        ("product", [], ""),
    ):
        if column in names and types[column] != _NOTHING:
            selected.append(f"{_as_map(column, types[column])} as {column}")
        else:
            selected.append(f"{_map_of([_entry(n, prefix) for n in flat])} as {column}")
    return ", ".join(selected)


def _entry(name: str, prefix: str) -> str:
    return f"{{'key': {_quote(name.removeprefix(prefix))}, 'value': cast({_name(name)} as varchar)}}"


def _as_map(column: str, kind: str) -> str:
    source = (
        f'cast(from_json("{column}", \'"MAP(VARCHAR, VARCHAR)"\') as map(varchar, varchar))'
        if kind == "VARCHAR"
        else f'"{column}"'
    )
    if column != "resource_tags":
        return source
    renamed = "regexp_replace(e.key, '^(user|aws):', '\\1_')"
    entries = f"list_transform(map_entries({source}), lambda e: {{'key': {renamed}, 'value': e.value}})"
    return f"map_from_entries({entries})"


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            column if column.type == field.type else column.cast(field.type)
            for column, field in zip(batch.columns, schema, strict=True)
        ],
        schema=schema,
    )


def _added(keys: dict[str, str]) -> str:
    return "".join(f", {_quote(value)} as {key}" for key, value in keys.items())


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _list(files: Sequence[str]) -> str:
    return "[" + ", ".join(_quote(file) for file in files) + "]"
