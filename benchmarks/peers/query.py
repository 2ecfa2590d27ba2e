"""What the DuckDB scripts share: a connection, the delivered lines as `raw`, and the query of the canonical bill line."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.peers.raw import Files, relation
from benchmarks.peers.rules import resource_type_branches, service_case
from finlake.catalogue import Catalogue
from finlake.engines.duckdb_functions import MUL_DIV

HERE = Path(__file__).parent
EXACT, ROUNDED = "decimal(28, 12)", "double"
_MONEY = {
    # A direct cast of a large double is off in the last places (2664745.2 -> 2664745.200000000186).
    ("cur2", EXACT): "if(abs(x) < 1000, x::decimal(28, 12), x::varchar::decimal(28, 12))",
    ("cur1", EXACT): "nullif(x, '')::decimal(28, 12)",
    ("cur2", ROUNDED): "x",
    ("cur1", ROUNDED): "nullif(x, '')::double",
}
_SHARE = {EXACT: "mul_div(a, b, c)", ROUNDED: "a * b / nullif(c, 0)"}


def connect(target: Path, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A session in UTC that spills below the target; all else as DuckDB has it."""
    target.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(database)
    con.execute(
        f"set TimeZone='UTC'; set preserve_insertion_order=false; set temp_directory='{target}/spill'"
    )
    return con


def silver_of(con: duckdb.DuckDBPyConnection, files: Files, amount: str = EXACT) -> str:
    """Make view `raw` and table `service_of`; returns the query that gives a canonical line for each delivered one."""
    if amount == EXACT:
        con.execute(MUL_DIV)
    con.execute(f"create temp macro money(x) as {_MONEY[files.layout, amount]}")
    con.execute(f"create temp macro share(a, b, c) as {_SHARE[amount]}")
    con.execute(f"create temp view raw as {relation(files)}")
    catalogue = Catalogue.load()
    services = [(s.service, s.title, s.category.value) for s in catalogue.services.values()]
    con.execute("create temp table services (service varchar, title varchar, category varchar)")
    con.executemany("insert into services values (?, ?, ?)", services)
    con.execute(
        "create temp table service_of as with kinds as (select distinct "
        "coalesce(nullif(trim(line_item_product_code), ''), '(none)') as product_code, "
        "nullif(trim(line_item_usage_type), '') as usage_type, nullif(trim(line_item_operation), '') as operation, "
        "nullif(trim(bill_billing_entity), '') as billing_entity from raw) "
        f"select *, from (select *, {service_case(catalogue)} as service from kinds) left join services using (service)"
    )
    words = {
        "{resource_types}": resource_type_branches(catalogue),
        "{amount}": amount,
        "{source_format}": files.layout,
    }
    text = (HERE / "silver.sql").read_text(encoding="utf-8")
    for word, said in words.items():
        text = text.replace(word, said)
    return text
