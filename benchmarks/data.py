"""A month of 1M, 5M or 10M bill lines with the cardinalities of a real one: no two copies alike, made once, seeded.

The sample organisation's closed month, by the hour, many times over: every copy has its own accounts, resources, tags and
usage of each day. Whole factors keep AWS's arithmetic (discounts, plans and their negations), so checks find what they
would find on a real bill.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from finlake.sample import bill, cur2_parquet, delivery, facts
from finlake.sample.plan import Edition, Request, editions

PAYERS = {"cur2": "usd-payer", "cur1": "brl-payer"}
ROWS_A_FILE = 500_000
ROWS_A_GROUP = 100_000
RECIPE = 1
"""Raise it when the data change: they are then made anew."""
_UNSCALED = ("line_item_normalization_factor", "split_line_item_split_usage_ratio")


@dataclass(frozen=True)
class Bill:
    """A delivered month: root of its source, its data files, number of lines, bytes."""

    root: Path
    files: tuple[Path, ...]
    lines: int
    byte_count: int


def bill_of(folder: Path, layout: str, lines: int, seed: int = 7) -> Bill:
    """The month of about that many lines below `folder`; made where it isn't there. `layout`: cur2 or cur1."""
    root = folder / f"{layout}-{lines}-{seed}-v{RECIPE}"
    if not (root / "bill.json").exists():
        shutil.rmtree(root, ignore_errors=True)
        _write(root, layout, lines, seed)
    said = json.loads((root / "bill.json").read_text())
    return Bill(root, tuple(root / f for f in said["files"]), said["lines"], said["byte_count"])


def _write(root: Path, layout: str, lines: int, seed: int) -> None:
    org = facts.load()
    edition = _edition(org, PAYERS[layout], seed)
    place, export = delivery.of(org, edition), org.payers[edition.payer].export
    base = cur2_parquet.table(bill.lines_of(org, edition))
    (root / place.data).mkdir(parents=True)
    groups = _groups(base, lines, seed)
    if layout == "cur2":
        header: list[str] = []
        files = _write_parquet(groups, [root / place.data_key(export, n) for n in range(1, 1000)])
    else:
        header = _header(base)
        files = _write_csv(groups, header, [root / place.data_key(export, n) for n in range(1, 1000)])
    keys = [path.relative_to(root).as_posix() for path in files]
    for key in (place.own_manifest, place.top_manifest):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_text(json.dumps(delivery.manifest(org, edition, keys, header), indent=2))
    copies = max(1, round(lines / base.num_rows))
    said = {
        "files": keys,
        "lines": base.num_rows * copies,
        "byte_count": sum(f.stat().st_size for f in files),
    }
    (root / "bill.json").write_text(json.dumps(said))


def _edition(org: facts.Organisation, payer: str, seed: int) -> Edition:
    """The newest closed month of a payer, billed by the hour."""
    request = Request(seed=seed, months=2, end_month=org.end_month)
    closed = [e for e in editions(org, request) if e.payer == payer and e.closed]
    return replace(closed[-1], hourly=True)


def _groups(base: pa.Table, lines: int, seed: int) -> Iterator[pa.Table]:
    """The bill in pieces of about a row group, each in an order of its own."""
    con = duckdb.connect()
    con.execute("set TimeZone='UTC'; set enable_progress_bar=false")
    con.register("handed", base)
    con.execute("create table base as select row_number() over () as place, * from handed")
    copies = max(1, round(lines / base.num_rows))
    at_once = max(1, ROWS_A_GROUP // base.num_rows)
    for begin in range(0, copies, at_once):
        con.execute(_varied(base, begin, min(begin + at_once, copies), seed))
        yield (
            con.execute("select * exclude (mark) from varied order by mark")
            .to_arrow_table()
            .cast(base.schema)
        )
    con.close()


def _varied(base: pa.Table, begin: int, end: int, seed: int) -> str:
    """SQL of copies [begin, end): own accounts (40 sets), resources, commitments, tags, and usage of each day."""
    own = {
        "identity_line_item_id": "md5(concat({s}, copy, '/', place)) || substr(md5(concat(copy, '#', place)), 1, 20)",
        "line_item_usage_account_id": "case when line_item_usage_account_id = bill_payer_account_id "
        "then bill_payer_account_id else lpad(cast((cast(line_item_usage_account_id as bigint) "
        "+ (copy % 40) * 7919) % 1000000000000 as varchar), 12, '0') end",
        "line_item_usage_account_name": "line_item_usage_account_name || '-' || (copy % 40)",
        "resource_tags": "case when cardinality(resource_tags) = 0 then resource_tags else map_concat(resource_tags, "
        "map {{'user_project': 'project-' || (hash(copy, {s}) % 900), "
        "'user_owner': 'owner-' || (hash(copy, place % 50, {s}) % 2000)}}) end",
    }
    own |= {
        name: f"{name} || '-' || substr(md5(concat({name}, copy, {{s}})), 1, 12)"
        for name in cur2_parquet.OWN_TO_A_COPY
    }
    factor = "(1 + hash(copy, line_item_usage_start_date::date, {s}) % 97)"
    columns = []
    for field in base.schema:
        if field.name in own:
            said = own[field.name].format(s=seed)
        elif pa.types.is_floating(field.type) and field.name not in _UNSCALED:
            said = f"round({field.name} * {factor.format(s=seed)}, 10)"
        elif field.name == "discount":
            times = f"round(e.value * {factor.format(s=seed)}, 10)"
            said = (
                "map_from_entries(list_transform(map_entries(discount), "
                f"lambda e: {{'key': e.key, 'value': {times}}}))"
            )
        else:
            said = field.name
        columns.append(f"{said} as {field.name}")
    return (
        f"create or replace temp table varied as select {', '.join(columns)}, hash(copy, place) as mark "
        f"from base cross join range({begin}, {end}) as copies(copy)"
    )


def _write_parquet(groups: Iterator[pa.Table], paths: list[Path]) -> list[Path]:
    """Files of ROWS_A_FILE lines, snappy, as AWS delivers them."""
    written: list[Path] = []
    writer, rows = None, 0
    for group in groups:
        if writer is None or rows >= ROWS_A_FILE:
            if writer:
                writer.close()
            written.append(paths[len(written)])
            writer, rows = pq.ParquetWriter(written[-1], group.schema, compression="snappy"), 0
        writer.write_table(group)
        rows += group.num_rows
    if writer:
        writer.close()
    return written


def _header(base: pa.Table) -> list[str]:
    """Legacy CUR's names of the columns, with tags and cost categories as columns of their own."""
    plain = [c.legacy for c in facts.columns() if c.legacy]
    tags = sorted(
        {key for row in base["resource_tags"].to_pylist() for key, _ in row} | {"user_project", "user_owner"}
    )
    categories = sorted({key for row in base["cost_category"].to_pylist() for key, _ in row})
    return [
        *plain,
        *facts.product_map().values(),
        *(f"resourceTags/{key.replace('_', ':', 1)}" for key in tags),
        *(f"costCategory/{key}" for key in categories),
    ]


def _write_csv(groups: Iterator[pa.Table], header: list[str], paths: list[Path]) -> list[Path]:
    con = duckdb.connect()
    con.execute("set TimeZone='UTC'")
    written: list[Path] = []
    held: list[pa.Table] = []
    for group in groups:
        held.append(group)
        if sum(t.num_rows for t in held) >= ROWS_A_FILE:
            written.append(_csv_file(con, pa.concat_tables(held), header, paths[len(written)]))
            held = []
    if held:
        written.append(_csv_file(con, pa.concat_tables(held), header, paths[len(written)]))
    con.close()
    return written


def _csv_file(con: duckdb.DuckDBPyConnection, rows: pa.Table, header: list[str], path: Path) -> Path:
    con.register("rows", rows)
    names = {c.legacy: c for c in facts.columns() if c.legacy}
    products = {name: key for key, name in facts.product_map().items()}
    said = []
    for column in header:
        group, _, key = column.partition("/")
        if column in names:
            own = names[column]
            value = f"strftime({own.name}, '%Y-%m-%dT%H:%M:%S.000Z')" if own.type == "timestamp" else own.name
        elif column in products:
            value = f"product['{products[column]}']"
        elif group == "resourceTags":
            value = f"resource_tags['{key.replace(':', '_', 1)}']"
        else:
            value = f"cost_category['{key}']"
        said.append(f'{value} as "{column}"')
    con.execute(
        f"copy (select {', '.join(said)} from rows) to '{path}' (format csv, header, compression gzip)"
    )
    con.unregister("rows")
    return path
