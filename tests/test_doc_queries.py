"""Every query that a page shows is understood: bound against empty tables made from the contracts."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from finlake.contracts import all_contracts, duckdb_types
from finlake.paths import PROJECT_ROOT

INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
QUOTED = re.compile(r'"(select\s[^"…]+)"')
PAGES = [*sorted(PROJECT_ROOT.glob("*.md")), *sorted((PROJECT_ROOT / "docs").rglob("*.md"))]


def queries(page: Path) -> list[str]:
    """SQL in a page: indented blocks that begin with `select`, and what is quoted for `finlake query`."""
    text = page.read_text(encoding="utf-8")
    blocks = [textwrap.dedent(block).strip() for block in INDENTED.findall(text)]
    return [block for block in blocks if block.startswith("select")] + QUOTED.findall(text)


SHOWN = [(page, query) for page in PAGES for query in queries(page)]


@pytest.fixture(scope="module")
def empty_tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """Marts by their bare names and silver, without rows."""
    con = duckdb.connect()
    con.execute("create schema silver")
    for contract in all_contracts():
        schema = "silver." if contract.layer == "silver" else ""
        columns = ", ".join(f'"{column}" {kind}' for column, kind in duckdb_types(contract).items())
        con.execute(f"create table {schema}{contract.name} ({columns})")
    yield con
    con.close()


def test_pages_show_queries() -> None:
    assert len({page for page, _ in SHOWN}) >= 5


@pytest.mark.parametrize(
    ("page", "query"), SHOWN, ids=[f"{page.name}-{n}" for n, (page, _) in enumerate(SHOWN)]
)
def test_a_query_in_a_page_is_understood(
    page: Path, query: str, empty_tables: duckdb.DuckDBPyConnection
) -> None:
    assert empty_tables.execute(query).fetchall() is not None
