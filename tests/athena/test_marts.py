"""The same bill gives the same marts on Athena as on DuckDB, value by value, and only what changed is read again."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import pytest

from expectations import statements
from expectations.results import ROWS, Check
from finlake.contracts import Contract, all_contracts
from finlake.engines.duckdb import connect
from finlake.errors import AuditFailed
from tests.athena.conftest import LAKE, Growing
from tests.pipeline.ingesting import command

MARTS = [contract for contract in all_contracts() if contract.layer == "gold"]
ALWAYS_WRONG = Check("cost_monthly", "always wrong", "error", ROWS, "select * from {batch}")


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


def published(growing: Growing) -> tuple[str, Any]:
    """What readers see: the build, and the money of all months."""
    target = growing.target("athena")
    rows = list(
        target.athena.rows("select sum(unblended_cost) as cost, sum(line_count) as lines from cost_daily")
    )
    return target.builds.pointer().build_id, rows


def test_a_build_that_fails_or_is_killed_changes_nothing_that_readers_see(
    grown: Growing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that always finds rows; then SIGKILL between the audit and the publication; then an undisturbed run."""
    before = published(grown)
    grown.bucket.deliver(grown.arriving.pop(0)["manifest"])
    with monkeypatch.context() as patch:
        patch.setattr(statements, "business_checks", lambda present: [ALWAYS_WRONG])
        with pytest.raises(AuditFailed, match="always wrong"):
            grown.run("athena")
    assert published(grown) == before
    killed = command(
        *("run", "--lake", LAKE, "--source", grown.bucket.root, "--target", "athena"),
        FINLAKE_FAILPOINT="before_publish",
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert published(grown) == before
    again = grown.run("athena")
    assert not again["built"], "the audited build is there: only its publication was missing"
    assert published(grown)[0] == again["build_id"] != before[0]
    assert published(grown)[1] != before[1] and all(row["is_reconciled"] for row in again["reconciliation"])


def test_old_builds_go_with_their_rows(grown: Growing) -> None:
    """Two of three builds stay; every row of a table belongs to one of them."""
    target = grown.target("athena")
    target.builds.forget_old(keep=1)
    kept = {build.build_id for build in target.builds.builds()}
    assert len(kept) == 2
    needed = kept | {of for build in target.builds.builds() for of in build.rows_of.values()}
    for table in ("cost_daily", "dim_account"):
        rows = target.athena.rows(f"select distinct build_id from {target.athena.table('builds', table)}")
        assert {row["build_id"] for row in rows} <= needed, table
    assert all(row["is_reconciled"] for row in target.athena.rows("select is_reconciled from reconciliation"))
