"""Spark's part of reading bills: bronze files to one raw frame, the same that finlake/engines/bill.py gives on DuckDB."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finlake.engines.bill import (
    FLAT_CATEGORIES,
    FLAT_TAGS,
    FOCUS_MAPS,
    FRACTION,
    HAS_FRACTION,
    JSON_BLANKS,
    MAPS,
    QUOTES_AS_CODES,
)
from finlake.engines.spark_functions import shortest_text

_TEXTS = "map<string,string>"
_PAIR = re.compile(r"array<struct<([^:]+):[^:]+,([^:,]+):.+>>")


def folded(columns: Sequence[tuple[str, str]]) -> list[str]:
    """Select list of the raw frame, from (name, Spark type) of the columns as they are stored: flat tag and category columns
    and JSON text become maps, `user:` becomes `user_`; a double becomes its shortest text, a time without zone one in UTC."""
    kinds = dict(columns)
    flat = {
        prefix: sorted(n for n in kinds if n.startswith(prefix)) for prefix in (FLAT_TAGS, FLAT_CATEGORIES)
    }
    delivered = {FOCUS_MAPS.get(name, name): name for name in kinds}
    folding = {*flat[FLAT_TAGS], *flat[FLAT_CATEGORIES], *MAPS.values(), *FOCUS_MAPS}
    selected = [f"{_scalar(name, kind)} as {quoted(name)}" for name, kind in columns if name not in folding]
    for column, prefix in (("resource_tags", FLAT_TAGS), ("cost_category", FLAT_CATEGORIES), ("product", "")):
        source = delivered.get(column)
        if source and kinds[source] != "void":
            value = _as_map(source, column, kinds[source])
        else:
            value = _map_of(flat.get(prefix, []), prefix)
        selected.append(f"cast({value} as {_TEXTS}) as {column}")
    return selected


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _scalar(name: str, kind: str) -> str:
    if kind in ("double", "float"):
        return shortest_text(quoted(name), kind)
    if kind in ("void", "timestamp_ntz"):
        return f"cast({quoted(name)} as {'string' if kind == 'void' else 'timestamp'})"
    return quoted(name)


def _map_of(names: Sequence[str], prefix: str) -> str:
    if not names:
        return "map()"
    entries = [
        f"struct({text(n.removeprefix(prefix))} as key, cast({quoted(n)} as string) as value)" for n in names
    ]
    return (
        f"map_from_entries(filter(array({', '.join(entries)}), e -> e.value is not null and e.value <> ''))"
    )


def _as_map(source: str, column: str, kind: str) -> str:
    """A delivered column of keys and values as a map of texts: JSON text, a struct of keys, a list of pairs, or a map.

    Of a key that comes twice the last value counts (`spark.sql.mapKeyDedupPolicy`). A product map is only looked into.
    """
    name = quoted(source)
    if kind == "string":
        entries = _of_json(name)
    elif kind.startswith("array"):
        first, second = (quoted(field) for field in _PAIR.findall(kind)[0])
        pairs = f"transform({name}, e -> struct(e.{first} as key, e.{second} as value))"
        entries = f"filter({pairs}, e -> e.key is not null)"
    elif kind.startswith("struct"):
        entries = _of_json(f"to_json({name})")
    elif column == "product":
        return name
    else:
        entries = f"map_entries({name})"
    key = "regexp_replace(e.key, '^(user|aws):', '$1_')" if column == "resource_tags" else "e.key"
    return f"map_from_entries(transform({entries}, e -> struct({key} as key, e.value as value)))"


def _of_json(said: str) -> str:
    """A JSON object's entries, as on DuckDB; the door lets no other text in."""
    filled = f"nullif(nullif(trim(both {text(JSON_BLANKS)} from {said}), ''), 'null')"
    coded = filled
    for written, code in QUOTES_AS_CODES:
        coded = f"replace({coded}, {text(written)}, {text(code)})"
    parts = f"split({coded}, '\"')"
    spelt = f"regexp_replace(part, {text(FRACTION)}, '\"$1\"')"
    whole = f"array_join(transform({parts}, (part, place) -> if(place % 2 = 0, {spelt}, part)), '\"')"
    kept = f"if({filled} rlike {text(HAS_FRACTION)}, {whole}, {filled})"
    entries = f"map_entries(from_json({kept}, '{_TEXTS}', map('mode', 'FAILFAST')))"
    return f"filter({entries}, e -> e.value is not null)"
