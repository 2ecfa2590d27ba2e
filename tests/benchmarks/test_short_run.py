"""The benchmark in short: real commands and scripts through its own driver, with bills of some thousand lines."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks import page
from benchmarks.page import BEGIN, END
from benchmarks.results import file_of
from benchmarks.subjects import BY_NAME
from finlake.engines.duckdb import extension_file
from tests.benchmarks.conftest import SEED, SIZE, Bench

SHARED_MARTS = {
    *("cost_daily", "cost_monthly", "cost_by_resource_daily", "unmapped_spend", "tag_coverage"),
    *("dim_account", "dim_service", "dim_resource", "resource_cost_usage_daily", "metric_coverage"),
}
LEFT_OUT = ("finlake-ingest", "duckdb-delta-silver", "duckdb-copy-silver", "finlake-spark")
"""The first two take part with a legacy CUR; Spark's tables are compared in tests/spark."""
OWN_MARTS = {
    *("freshness", "restatements", "reconciliation", "resource_metrics_daily", "usage_daily"),
    *("forecast_daily", "forecast_monthly", "forecast_accuracy", "anomalies", "patterns"),
}
"""docs/benchmarks.md names those that the scripts lack: about versions, proofs, metrics, usage and results of models."""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone='UTC'")
    connection.load_extension(extension_file("delta"))
    return connection


def columns(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"describe select * from {relation}").fetchall()}


def assert_same_rows(con: duckdb.DuckDBPyConnection, wanted: str, found: str) -> None:
    """Same columns, same types, same rows with the same values; delivery and export have names of their own in a script."""
    names = [name for name in columns(con, wanted) if name not in ("export_id", "delivery_id")]
    assert columns(con, found) == columns(con, wanted), found
    one, other = (f"select {', '.join(names)} from {relation}" for relation in (wanted, found))
    for left, right in ((one, other), (other, one)):
        assert con.execute(f"{left} except all {right} limit 3").fetchall() == [], found
    assert (
        con.execute(f"select count(*) from {wanted}").fetchone()
        == con.execute(f"select count(*) from {found}").fetchone()
    )


def test_whole_runs_beside_scripts_that_make_the_same_tables(
    bench: Bench, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    names = [name for name in BY_NAME if name not in LEFT_OUT]
    options = ("--rounds", "1", "--keep", "--subjects", ",".join(names))
    results = {r["subject"]: r for r in bench(*options)}
    assert list(results) == names == [r["subject"] for r in bench(*options)]
    assert {name: r["outcome"] for name, r in results.items()} == dict.fromkeys(results, "ok")
    assert all(r["wall"] > 0 and r["cpu"] > 0 and r["peak_memory"] > 10_000_000 for r in results.values())
    compared = {name for name, r in results.items() if r.get("compared")}
    assert compared == {"duckdb-delta", "duckdb-copy", "pandas", "duckdb-direct"}

    run, unchanged, again = (results[f"finlake{end}"] for end in ("", "-unchanged", "-redelivered"))
    assert {"copy", "check", "silver: lines", "commit to silver", "dbt", "expectations", "publish"} <= set(
        run["steps"]
    )
    assert sum(run["steps"].values()) <= run["work"] < run["wall"]
    assert run["models"]
    assert "compare" not in unchanged["steps"] and "compare" in again["steps"]
    assert not {"copy", "silver: lines", "dbt"} & {*unchanged["steps"], *again["steps"]}

    assert_same_tables(
        con,
        *(
            tmp_path / "kept" / f"cur2-{SIZE}-{name}"
            for name in ("finlake", "duckdb-delta", "duckdb-copy", "pandas")
        ),
    )
    copied = tmp_path / "benchmarks.md"
    copied.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    assert page.main(["--folder", str(tmp_path), "--page", str(copied)]) == 0
    text = copied.read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert all(BY_NAME[name].title in text for name in results)
    assert f"| {results['pandas']['lines'] / results['pandas']['wall']:,.0f} |" in text


def assert_same_tables(con: duckdb.DuckDBPyConnection, lake: Path, b: Path, copied: Path, a: Path) -> None:
    """Silver and all marts that the scripts make too."""
    for target in (b, copied, a):
        assert_same_rows(
            con,
            f"delta_scan('{lake / 'lake/silver/billing_line_items'}')",
            f"delta_scan('{target / 'silver'}')",
        )
    (database,) = (lake / "lake/warehouse/builds").glob("*.duckdb")
    con.execute(f"attach '{database}' as lake (read_only); attach '{b / 'marts.duckdb'}' as b (read_only)")
    tables = con.execute(
        "select table_name from duckdb_tables() where database_name = 'lake' and schema_name = 'marts'"
    )
    assert {name for (name,) in tables.fetchall()} == SHARED_MARTS | OWN_MARTS
    for mart in SHARED_MARTS:
        assert_same_rows(con, f"lake.marts.{mart}", f"b.main.{mart}")
        assert (
            columns(con, f"delta_scan('{a / 'marts' / mart}')").keys()
            == columns(con, f"b.main.{mart}").keys()
        )
        names = ", ".join(columns(con, f"b.main.{mart}"))
        assert_same_rows(con, f"b.main.{mart}", f"(select {names} from delta_scan('{a / 'marts' / mart}'))")


def test_legacy_csv_to_silver(bench: Bench, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    names = ("finlake-ingest", "duckdb-delta-silver", "pandas")
    results = bench("--rounds", "1", "--keep", "--subjects", ",".join(names), layout="cur1")
    assert {r["subject"]: (r["outcome"], r.get("compared")) for r in results} == {
        name: ("ok", None if name == "finlake-ingest" else True) for name in names
    }
    kept = tmp_path / "kept"
    for name in ("duckdb-delta-silver", "pandas"):
        assert_same_rows(
            con,
            f"delta_scan('{kept / f'cur1-{SIZE}-finlake-ingest/lake/silver/billing_line_items'}')",
            f"delta_scan('{kept / f'cur1-{SIZE}-{name}/silver'}')",
        )


def test_a_subject_that_is_stopped_is_written_down_and_not_tried_again(bench: Bench, tmp_path: Path) -> None:
    one = ("--subjects", "duckdb-delta-silver", "--rounds", "2")
    results = bench(*one, "--memory-gb", "0.02")
    assert [(r["outcome"], r["round"]) for r in results] == [("memory", 1)]
    assert results[0]["peak_memory"] > 20_000_000
    other = ("--subjects", "duckdb-direct", "--rounds", "2", "--timeout", "0.3")
    results = bench(*other)
    assert [r["outcome"] for r in results] == ["memory", "timeout"]
    assert 0.3 <= results[-1]["wall"] < 10
    assert len(bench(*one)) == len(bench(*other)) == 2
    assert not (tmp_path / "target").exists()
    text = page.rendered(results)
    assert (
        "stopped at 0.0 GB, after" in text and "stopped after 0 s, after" in text and "not measured" in text
    )


def test_a_stopped_benchmark_goes_on_where_it_was(bench: Bench, tmp_path: Path) -> None:
    one = ("--subjects", "duckdb-direct", "--rounds", "1", "--timeout", "0.3")
    assert bench(*one, "--minutes", "0") == []
    assert len(bench(*one)) == 1
    file = file_of(tmp_path, SEED)
    file.write_text(file.read_text() + '{"layout": "cur')
    assert len(bench(*one)) == 1
    assert len(bench(*one, "--again")) == 2
