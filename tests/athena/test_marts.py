"""The same bill gives the same marts on Athena as on DuckDB, value by value, and only what changed is read again."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import pytest

from finlake.contracts import Contract, all_contracts, load_contract
from finlake.engines.duckdb import connect
from tests.athena.conftest import Growing

MARTS = [contract for contract in all_contracts() if contract.layer == "gold"]


def value_of(value: Any) -> Any:
    """A value without the ways in which two engines' clients hand the same one over."""
    if isinstance(value, float):
        return float(f"{value:.12e}")
    if isinstance(value, dict):
        return tuple(sorted((key, value_of(inner)) for key, inner in value.items()))
    return value


def on_duckdb(growing: Growing, contract: Contract) -> Counter[tuple[Any, ...]]:
    builds = growing.target("duckdb").builds
    con = connect(str(builds.database(builds.pointer().build_id)), read_only=True, extensions=())
    try:
        rows = con.execute(f"select {', '.join(contract.column_names)} from marts.{contract.name}").fetchall()
    finally:
        con.close()
    return Counter(tuple(map(value_of, row)) for row in rows)


def on_athena(growing: Growing, contract: Contract) -> Counter[tuple[Any, ...]]:
    found = growing.target("athena").athena.unloaded(
        f"select {', '.join(contract.column_names)} from {contract.name}"
    )
    return Counter(tuple(map(value_of, row.values())) for row in found.to_pylist(maps_as_pydicts="strict"))


@pytest.mark.parametrize("contract", MARTS, ids=lambda contract: contract.name)
def test_a_mart_is_the_same_on_both_engines(grown: Growing, contract: Contract) -> None:
    wanted = on_duckdb(grown, contract)
    assert on_athena(grown, contract) == wanted
    assert wanted or contract.name in ("metric_coverage", "resource_metrics_daily", "unmapped_spend")


def test_a_build_that_fails_or_is_killed_changes_nothing_that_readers_see(grown: Growing) -> None:
    """A check that always finds rows; then SIGKILL between the audit and the publication; then an undisturbed run."""
    first, after_failure, after_kill, at_last = grown.seen
    assert grown.killed == -signal.SIGKILL
    assert first == after_failure == after_kill
    assert at_last[0] != first[0] and at_last[1] != first[1]
    newest = grown.said[-1]
    assert not newest["built"], "the audited build was there: only its publication was missing"
    assert newest["build_id"] == at_last[0] and all(row["is_reconciled"] for row in newest["reconciliation"])


def test_two_that_publish_at_once_show_one_build_never_both(grown: Growing) -> None:
    """Neither saw the other's publication before it wrote its own."""
    builds = grown.target("athena").builds
    before, pointer, build = grown.published(), builds.pointer(), builds.published()
    seen = list(builds._newest())
    for _ in range(2):
        other = grown.target("athena").builds
        other._newest = lambda: seen
        other._show(pointer, build)
    assert grown.published() == before


def test_old_builds_go_with_their_rows(grown: Growing) -> None:
    """What the failed build had added goes with the first one; every row of a table belongs to one that stays, or to one that
    another writer has under way."""
    target = grown.target("athena")
    accounts, under_way = target.athena.table("builds", "dim_account"), "b29991231T235959Z-abcdef"
    columns = ", ".join(load_contract("gold", "dim_account").column_names)
    target.athena.run(
        f"insert into {accounts} ({columns}, build_id) select {columns}, '{under_way}' from {accounts} limit 1"
    )
    target.builds.forget_old(keep=0)
    of_draft = f"from {accounts} where build_id = '{under_way}'"
    assert len(list(target.athena.rows(f"select * {of_draft}"))) == 1
    target.athena.run(f"delete {of_draft}")
    kept = {build.build_id for build in target.builds.builds()}
    assert kept == {grown.said[-1]["build_id"]}
    needed = kept | {of for build in target.builds.builds() for of in build.rows_of.values()}
    for table in ("cost_daily", "dim_account"):
        rows = target.athena.rows(f"select distinct build_id from {target.athena.table('builds', table)}")
        assert {row["build_id"] for row in rows} <= needed, table
    assert all(row["is_reconciled"] for row in target.athena.rows("select is_reconciled from reconciliation"))
