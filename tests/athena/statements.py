"""Athena's statements in Trino's words. Queries, INSERT, MERGE and DELETE are the same; what makes and changes tables isn't."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

OURS_ALONE = {"table_type", "is_external", "write_compression", "compression"}
"""Properties that Athena knows and Trino doesn't."""
HIVE_TYPES = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary"}
KindOf = Callable[[str, str], str]
"""(database, table) -> the catalogue that it belongs to: awsdatacatalog, iceberg or delta."""


class NotAthena(Exception):
    """A statement that Athena refuses, or that this kit doesn't know."""


@dataclass(frozen=True)
class Statement:
    """What Trino is asked, one after the other, and how Athena calls it: DDL, DML or UTILITY, and which of them."""

    trino: tuple[str, ...]
    kind: str
    sub_kind: str


def translated(sql: str, database: str, kind_of: KindOf, unload_table: str) -> Statement:
    """An Athena statement for Trino. `unload_table`: a name that an UNLOAD may use for a moment."""
    text = re.sub(r"/\*.*?\*/", " ", sql, flags=re.DOTALL)
    text = re.sub(r"(?m)^\s*--.*$", " ", text).strip().rstrip(";").strip()
    for pattern, translate in _FORMS:
        if found := re.match(pattern, text, re.IGNORECASE | re.DOTALL):
            return translate(found, text, database, kind_of, unload_table)
    word = (re.match(r"\w+", text) or [""])[0].upper()
    if word not in (
        "SELECT",
        "WITH",
        "INSERT",
        "MERGE",
        "DELETE",
        "UPDATE",
        "EXPLAIN",
        "CREATE",
        "SHOW",
        "DESCRIBE",
    ):
        raise NotAthena(f"unknown statement: {text[:80]}")
    kind = "DDL" if word in ("CREATE", "SHOW", "DESCRIBE") else "DML"
    return Statement(
        (text.replace("`", '"') if kind == "DDL" else text,), kind, {"WITH": "SELECT"}.get(word, word)
    )


def _create_as(
    found: re.Match[str], text: str, database: str, kind_of: KindOf, unload_table: str
) -> Statement:
    """CREATE TABLE … WITH (…) AS: Iceberg tables are told by a property, not by their catalogue."""
    end = closing(text, found.end() - 1)
    said = properties(text[found.end() : end])
    iceberg = said.get("table_type", "'hive'").strip("'").lower() == "iceberg"
    if iceberg and said.get("is_external") != "false":
        raise NotAthena("an Iceberg table needs is_external = false")
    if iceberg and "location" not in said:
        raise NotAthena("an Iceberg table needs a location")
    kept = ", ".join(f"{key}={value}" for key, value in said.items() if key not in OURS_ALONE)
    catalogue, rest = "iceberg" if iceberg else "awsdatacatalog", text[end + 1 :]
    name = re.sub(r'^"?awsdatacatalog"?\.', "", found[1], flags=re.IGNORECASE)
    parts = [part.strip('"') for part in name.split(".")]
    where = ".".join(f'"{part}"' for part in [database, *parts][-2:])
    return Statement(
        (f"create table {catalogue}.{where} with ({kept}) {rest}",), "DDL", "CREATE_TABLE_AS_SELECT"
    )


def _create_external(
    found: re.Match[str], text: str, database: str, kind_of: KindOf, unload_table: str
) -> Statement:
    """Hive's CREATE EXTERNAL TABLE, as dbt makes one for a seed's CSV."""
    end = closing(text, found.end() - 1)
    rest = text[end + 1 :]
    columns = re.sub(
        r"(?<=\s)(string|int|float|binary)(?=\s*(,|$))",
        lambda kind: HIVE_TYPES[kind[1].lower()],
        text[found.end() : end],
        flags=re.IGNORECASE,
    )
    place = re.search(r"location\s+'([^']+)'", rest, re.IGNORECASE)
    if place is None:
        raise NotAthena("an external table needs a location")
    form = "CSV" if "OpenCSVSerde" in rest else "PARQUET" if "parquet" in rest.lower() else "TEXTFILE"
    header = ", skip_header_line_count=1" if "skip.header.line.count" in rest else ""
    made = (
        f"create table {found[1]} ({columns}) with (external_location='{place[1]}', format='{form}'{header})"
    )
    return Statement((made.replace("`", '"'),), "DDL", "CREATE_TABLE")


def _unload(found: re.Match[str], text: str, database: str, kind_of: KindOf, unload_table: str) -> Statement:
    """UNLOAD (…) TO '…' WITH (format = 'PARQUET'): a Hive table for a moment, whose files stay."""
    end = closing(text, text.index("("))
    to = re.match(r"\s*to\s+'([^']+)'\s*with\s*\(", text[end + 1 :], re.IGNORECASE)
    if to is None or "parquet" not in text[end + 1 :].lower():
        raise NotAthena("UNLOAD: this kit knows only format = 'PARQUET'")
    table, query = f'awsdatacatalog."{database}"."{unload_table}"', text[text.index("(") + 1 : end]
    made = (
        f"create table {table} with (external_location='{to[1].rstrip('/')}/', format='PARQUET') as {query}"
    )
    return Statement((made, f"drop table {table}"), "DML", "UNLOAD")


def _maintain(
    found: re.Match[str], text: str, database: str, kind_of: KindOf, unload_table: str
) -> Statement:
    """OPTIMIZE and VACUUM, for which Trino has ALTER TABLE … EXECUTE."""
    words = text.replace("`", '"').split(None, 2)
    verb, name = words[0].upper(), words[1]
    parts = ([database] + [part.strip('"') for part in name.split(".")])[-2:]
    where = ".".join(f'"{part}"' for part in parts)
    alter = f"alter table iceberg.{where} execute "
    if verb == "VACUUM":
        again = (
            "expire_snapshots(retention_threshold => '7d')",
            "remove_orphan_files(retention_threshold => '7d')",
        )
        return Statement(tuple(alter + one for one in again), "UTILITY", verb)
    condition = re.sub(
        r"^rewrite\s+data\s+using\s+bin_pack", "", words[2] if len(words) > 2 else "", flags=re.IGNORECASE
    )
    return Statement((f"{alter}optimize {condition}",), "UTILITY", verb)


def _change(found: re.Match[str], text: str, database: str, kind_of: KindOf, unload_table: str) -> Statement:
    """ALTER and DROP TABLE: Trino wants the catalogue that the table belongs to, and standard words."""
    text = text.replace("`", '"')
    text = re.sub(
        r"\badd\s+columns\s*\((.*)\)$",
        lambda m: f"add column {_trino_column(m[1])}",
        text,
        flags=re.IGNORECASE,
    )
    named = re.match(
        r'((?:alter|drop)\s+table\s+(?:if\s+exists\s+)?)((?:"?\w+"?\.)*"?[\w-]+"?)(.*)',
        text,
        re.IGNORECASE | re.DOTALL,
    )
    if named is None:
        raise NotAthena(f"unknown statement: {text[:80]}")
    schema, table = [database, *named[2].replace('"', "").split(".")][-2:]
    where = f'{kind_of(schema, table)}."{schema}"."{table}"'
    return Statement((f"{named[1]}{where}{named[3]}",), "DDL", text.split()[0].upper() + "_TABLE")


def _trino_column(column: str) -> str:
    name, kind = column.strip().split(None, 1)
    for hive, own in HIVE_TYPES.items():
        kind = re.sub(rf"\b{hive}\b", own, kind, flags=re.IGNORECASE)
    return f"{name} {kind.replace('<', '(').replace('>', ')')}"


def _schema(found: re.Match[str], text: str, database: str, kind_of: KindOf, unload_table: str) -> Statement:
    text = re.sub(r"^create\s+database", "create schema", text.replace("`", '"'), flags=re.IGNORECASE)
    return Statement((text,), "DDL", "CREATE_DATABASE")


_FORMS: list[tuple[str, Callable[[re.Match[str], str, str, KindOf, str], Statement]]] = [
    (r"create\s+table\s+(\S+)\s+with\s*\(", _create_as),
    (r"create\s+external\s+table\s+(?:if\s+not\s+exists\s+)?(\S+?)\s*\(", _create_external),
    (r"unload\s*\(", _unload),
    (r"(optimize|vacuum)\s", _maintain),
    (r"(alter|drop)\s+table\b", _change),
    (r"create\s+(schema|database)\b", _schema),
    (r"drop\s+(schema|database|view)\b", _schema),
]


def properties(body: str) -> dict[str, str]:
    """`key = value` pairs, split at the commas that are neither in quotes nor in brackets."""
    parts, depth, current, quoted = list[str](), 0, "", False
    for character in body:
        quoted ^= character == "'"
        depth += (character in "([") - (character in ")]") if not quoted else 0
        if character == "," and not depth and not quoted:
            parts.append(current)
            current = ""
        else:
            current += character
    pairs = (part.split("=", 1) for part in [*parts, current] if "=" in part)
    return {key.strip().lower(): value.strip() for key, value in pairs}


def closing(text: str, opening: int) -> int:
    """Where the bracket that opens there closes."""
    depth, quoted = 0, False
    for place in range(opening, len(text)):
        character = text[place]
        quoted ^= character == "'"
        depth += (character == "(") - (character == ")") if not quoted else 0
        if not depth and character == ")":
            return place
    raise NotAthena("a bracket isn't closed")
