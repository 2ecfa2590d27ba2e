"""DuckDB's part of reading bills, as SQL: delivered CSV to bronze's Parquet, bronze files to one raw frame.

The raw frame has CUR 2.0 spelling: scalar columns, and the maps resource_tags, cost_category, product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from finlake.engines.duckdb import connect
from finlake.machine_faults import is_the_machines

MAPS = {"resourceTags": "resource_tags", "costCategory": "cost_category", "product": "product"}
FOCUS_MAPS = {"Tags": "resource_tags", "x_CostCategories": "cost_category"}
"""FOCUS's columns of key and value, and what they are called in the raw frame."""
JSON_BLANKS = " \t\r\n"
"""What JSON counts as blank: a cell of nothing else says nothing."""
FRACTION = r"(-?[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+))"
HAS_FRACTION = r"[:,\[]\s*-?[0-9]+[.eE]"
"""A number in JSON text that each engine would spell in its own way, and text that may hold one."""
QUOTES_AS_CODES = ((r"\\", r"\u005c"), (r"\"", r"\u0022"))
"""What to replace, in this order, so that every quote in JSON text begins or ends a string."""
_NOTHING = "INTEGER"
"""What DuckDB says of a Parquet column without any value, though it gives it a type that SQLFrame doesn't know: taken as text."""
FLAT_TAGS, FLAT_CATEGORIES = "resource_tags_", "cost_category_"


def fold_csv(
    files: Sequence[Path], headers: Sequence[Sequence[str]], target: Path, rename: Callable[[str], str]
) -> int:
    """Delivered CSV files -> one Parquet file, every value as text, tag/category/product columns folded into maps
    under their original keys. `rename` turns a delivered header into a column name. Returns the number of rows.

    DuckDB does this whatever engine runs the jobs: bronze is the same on both.
    """
    parts = [_csv_select(file, header, rename) for file, header in zip(files, headers, strict=True)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with connect(extensions=()) as con:
        con.execute("set preserve_insertion_order=false")
        copied = con.execute(
            f"copy ({' union all by name '.join(parts)}) to {quote(str(target))} (format parquet, compression zstd)"
        ).fetchone()
    return int(copied[0]) if copied else 0


def _csv_select(file: Path, header: Sequence[str], rename: Callable[[str], str]) -> str:
    """Columns by position: delivered names may differ only in case, which DuckDB would rename."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
    scan = (
        f"read_csv({quote(str(file))}, auto_detect=false, header=false, skip=1, delim=',', quote='\"', escape='\"', "
        f"strict_mode=true, null_padding=false, ignore_errors=false, max_line_size=33554432, columns={{{columns}}})"
    )
    folded: dict[str, list[str]] = {name: [] for name in MAPS.values()}
    plain: dict[str, str] = {}
    for position, name in enumerate(header):
        group, _, key = name.partition("/")
        if key and group in MAPS:
            folded[MAPS[group]].append(f"{{'key': {quote(key)}, 'value': c{position}}}")
        else:
            plain.setdefault(rename(name), f"c{position}")
    selected = [f"{value} as {quoted_name(name)}" for name, value in plain.items()]
    for name, entries in folded.items():
        if name not in plain and (entries or not set(FOCUS_MAPS) & set(header)):
            selected.append(f"{_map_of(entries)} as {name}")
    return f"select {', '.join(selected)} from {scan}"


def _map_of(entries: Sequence[str]) -> str:
    if not entries:
        return "map([]::varchar[], []::varchar[])"
    kept = f"list_filter([{', '.join(entries)}], lambda e: e.value is not null and e.value <> '')"
    return f"map_from_entries({kept})"


def folded(columns: Sequence[tuple[str, str]]) -> str:
    """Select list of the raw frame: flat tag and category columns and JSON text become maps, `user:` becomes `user_`."""
    names = {name for name, _ in columns}
    tags = [n for n in sorted(names) if n.startswith(FLAT_TAGS)]
    categories = [n for n in sorted(names) if n.startswith(FLAT_CATEGORIES)]
    delivered = {FOCUS_MAPS.get(n, n): n for n, _ in columns}
    plain = [(n, k) for n, k in columns if n not in {*tags, *categories, *MAPS.values(), *FOCUS_MAPS}]
    selected = [
        f"cast({quoted_name(n)} as varchar) as {quoted_name(n)}" if kind == _NOTHING else quoted_name(n)
        for n, kind in plain
    ]
    types = dict(columns)
    for column, flat, prefix in (
        ("resource_tags", tags, FLAT_TAGS),
        ("cost_category", categories, FLAT_CATEGORIES),
        ("product", [], ""),
    ):
        source = delivered.get(column)
        if source and types[source] != _NOTHING:
            selected.append(f"{_as_map(source, column, types[source])} as {column}")
        else:
            selected.append(f"{_map_of([_entry(n, prefix) for n in flat])} as {column}")
    return ", ".join(selected)


def _entry(name: str, prefix: str) -> str:
    return f"{{'key': {quote(name.removeprefix(prefix))}, 'value': cast({quoted_name(name)} as varchar)}}"


def _as_map(source: str, column: str, kind: str) -> str:
    """A delivered column of keys and values as a map of texts: JSON text, a struct of keys, a list of pairs, or a map.

    Of a key that comes twice the last value counts. A product map is only looked into: it is taken as it is.
    """
    name = quoted_name(source)
    if kind == "VARCHAR":
        entries = _of_json(name)
    elif kind.endswith("[]"):
        pair = "{'key': struct_extract_at(entry_, 1), 'value': struct_extract_at(entry_, 2)}"
        pairs = f"list_transform({name}, lambda entry_: {pair})"
        entries = f"list_filter({pairs}, lambda entry_: entry_.key is not null)"
    elif kind.startswith("STRUCT"):
        entries = _of_json(f"to_json({name})")
    elif column == "product":
        return f"cast({name} as map(varchar, varchar))"
    else:
        entries = f"map_entries({name})"
    key = "regexp_replace(entry_.key, '^(user|aws):', '\\1_')" if column == "resource_tags" else "entry_.key"
    said = f"list_transform({entries}, lambda entry_: {{'key': {key}, 'value': entry_.value}})"
    return f"cast({_last_wins(said)} as map(varchar, varchar))"


def _of_json(text: str) -> str:
    """A JSON object's entries; a key without a value says nothing, nor does text that is blank.

    A number keeps its text: it is put in quotes where it stands outside of strings, which are every second part between quotes
    once no string holds one.
    """
    filled = f"nullif(trim({text}, {quote(JSON_BLANKS)}), '')"
    coded = filled
    for said, code in QUOTES_AS_CODES:
        coded = f"replace({coded}, {quote(said)}, {quote(code)})"
    parts = f"string_split({coded}, '\"')"
    spelt = f"regexp_replace(part_, {quote(FRACTION)}, '\"\\1\"', 'g')"
    whole = (
        f"list_transform({parts}, lambda part_, place_: case when place_ % 2 = 1 then {spelt} else part_ end)"
    )
    has = f"regexp_matches({filled}, {quote(HAS_FRACTION)})"
    kept = f"case when {has} then array_to_string({whole}, '\"') else {filled} end"
    entries = f"map_entries(cast(from_json({kept}, '\"MAP(VARCHAR, VARCHAR)\"') as map(varchar, varchar)))"
    return f"list_filter({entries}, lambda entry_: entry_.value is not null)"


def _last_wins(entries: str) -> str:
    """A map of entries; only where a key comes twice, which DuckDB refuses, is the costly way gone."""
    later = f"list_transform(({entries})[place_ + 1:], lambda later_: later_.key)"
    once = f"list_filter({entries}, lambda entry_, place_: not list_contains({later}, entry_.key))"
    return f"coalesce(try(map_from_entries({entries})), map_from_entries({once}))"


def added(keys: dict[str, str]) -> str:
    return "".join(f", {quote(value)} as {key}" for key, value in keys.items())


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted_name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def parquet_fault(files: Sequence[str], lake: str = "") -> str | None:
    """Why Parquet files can't be read to their end, every value of every column; None where they can.

    Raises duckdb.Error where it is the machine that can't read (full disk, short memory).
    """
    with connect(lake=lake, extensions=()) as con:
        try:
            con.execute(
                f"select count(columns(*)) from read_parquet({file_list(files)}, union_by_name=true)"
            ).fetchone()
        except duckdb.Error as error:
            if is_the_machines(error):
                raise
            return " ".join(str(error).split())[:500]
    return None


def file_list(files: Sequence[str]) -> str:
    return "[" + ", ".join(quote(file) for file in files) + "]"
