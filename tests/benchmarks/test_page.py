"""The page says what was measured: targets reached and missed, subjects that went wrong, and nothing that wasn't measured."""

from __future__ import annotations

from typing import Any

from benchmarks.break_even import Line, break_even, lines_of
from benchmarks.page import BEGIN, END, NOTHING, PAGE, rendered
from benchmarks.results import Board, Case, Result
from benchmarks.targets import rows
from benchmarks.totals import same

MACHINE = {
    "cores": 2,
    "memory": 8_000_000_000,
    "cpu": "a CPU",
    "system": "a system",
    "versions": {"Python": "3"},
}


def result(subject: str, size: int, number: int, wall: float, **more: Any) -> Result:
    return {
        "layout": "cur2",
        "size": size,
        "lines": size,
        "byte_count": size * 100,
        "seed": 7,
        "recipe": 1,
        "subject": subject,
        "round": number,
        "outcome": "ok",
        "wall": wall,
        "cpu": wall * 2,
        "peak_memory": 1_500_000_000,
        "work": None,
        "steps": {"silver": wall / 2},
        "limits": {"seconds": 60, "memory": 16_000_000_000},
        "commit": "abc1234",
        "begun_at": f"2026-11-01T0{number}:00:00+00:00",
        "load": 0.5,
        "machine": MACHINE,
    } | more


def three(subject: str, size: int, *walls: float, **more: Any) -> list[Result]:
    return [result(subject, size, number, wall, **more) for number, wall in enumerate(walls, start=1)]


def told(results: list[Result]) -> dict[tuple[str, str], tuple[str, bool | None]]:
    return {(row.target, row.bill): (row.measured, row.reached) for row in rows(Board(results))}


def test_targets_are_judged_by_medians() -> None:
    million, ten = 1_000_000, 10_000_000
    results = [
        *three("finlake-ingest", ten, 12, 99, 11),
        *three("duckdb-delta-silver", ten, 10, 9, 10),
        *three("finlake-ingest", million, 3, 3, 3),
        *three("duckdb-delta-silver", million, 1, 1, 1),
        *three("finlake", million, 30, 31, 32, peak_memory=4_100_000_000),
        *three("finlake", ten, 320, 305, 330),
        *three("duckdb-delta", ten, 100, 100, 100),
        *three("finlake-unchanged", ten, 4, 4, 4, work=1.9),
        *three("finlake-redelivered", ten, 6, 6, 6, work=2.1),
    ]
    found = told(results)
    assert found["ingestion to silver, of (b) to silver, the faster", "10,000,000, CUR 2.0"] == (
        "1.20 x",
        True,
    )
    assert found["ingestion to silver, of (b) to silver, the faster", "1,000,000, CUR 2.0"] == (
        "3.00 x",
        None,
    )
    assert found["run to published marts, of (b), the faster", "10,000,000, CUR 2.0"] == ("3.20 x", False)
    assert found["run to published marts, of (b), the faster", "1,000,000, CUR 2.0"] == ("not measured", None)
    assert found["peak memory", "1,000,000, CUR 2.0"] == ("4.10 GB", False)
    assert found["run to published marts, large by small", "10,000,000 by 1,000,000"] == ("10.32 x", False)
    assert found["run with nothing new, same source: own work", "10,000,000, CUR 2.0"][1] is True
    assert found["run with nothing new, delivered again: own work", "10,000,000, CUR 2.0"][1] is False
    text = rendered(results)
    assert (
        "| finlake run, engine duckdb | 320.00 [305.00–330.00] | 3 | 640.00 | 1,500 | 31,250 | 3.20 x |"
        in text
    )
    assert "**missed**" in text and "reached" in text


def test_what_went_wrong_has_no_figure() -> None:
    results = [
        *three("duckdb-delta", 1_000_000, 10, 11),
        result("pandas", 1_000_000, 1, 20, outcome="memory", error="killed"),
        result("duckdb-direct", 1_000_000, 1, 5),
        result("duckdb-direct", 1_000_000, 2, 5, outcome="failed", error="Traceback\nValueError: a | b"),
    ]
    text = rendered(results)
    assert (
        "| (a) pandas + delta-rs, all columns | stopped at 16.0 GB, after 20.0 s | 1 | 40.0 | 1,500 | | |"
        in text
    )
    assert "| (c) DuckDB straight to two marts | failed, after 5.0 s | 2 |" in text
    assert "- duckdb-direct, 1,000,000 lines, round 2: failed. ValueError: a \\| b" in text
    assert "**(c)" not in text


def test_the_newest_commit_of_a_subject_counts() -> None:
    results = [
        *three("finlake", 1_000_000, 50, 60, 70),
        result("finlake", 1_000_000, 1, 40, commit="def5678"),
    ]
    assert Board(results).median(Case("cur2", 1_000_000), "finlake") == 40


def test_break_even_of_the_engines_is_computed_from_two_bills() -> None:
    def silver(subject: str, size: int, seconds: float) -> list[Result]:
        return three(subject, size, 1.0, 1.0, 1.0, steps={"silver: lines": seconds, "dbt": 1000.0})

    million, five = 1_000_000, 5_000_000
    small = silver("finlake", million, 12.0) + silver("finlake-spark", million, 70.0)
    assert lines_of(Board(small)) is None and "Break-even" not in rendered(small)
    both = small + silver("finlake", five, 52.0) + silver("finlake-spark", five, 190.0)
    duckdb, spark = Line(2.0, 10.0), Line(40.0, 30.0)
    assert lines_of(Board(both)) == (duckdb, spark)
    assert break_even(duckdb, spark, 2, 1) is None, "15 s a million lines are never less than 10"
    assert break_even(duckdb, spark, 2, 4) == (40 - 2) / (10 - 30 * 2 / 16)
    assert "| 1 | never |" in rendered(both) and "| 4 | 6.1 |" in rendered(both)


def test_nothing_measured_nothing_said() -> None:
    assert rendered([]) == NOTHING
    assert PAGE.read_text(encoding="utf-8").count(BEGIN) == PAGE.read_text(encoding="utf-8").count(END) == 1


def test_totals_are_the_same_to_the_last_decimal_or_to_the_cent() -> None:
    wanted = {"1 USD": ["2", "10.000000000000", "None"]}
    assert same(wanted, dict(wanted), rounded=False)
    assert not same({"1 USD": ["2", "10.000000000001", "None"]}, wanted, rounded=False)
    money = {"1 USD": ["2", "10.000000000000"]}
    assert same({"1 USD": ["2", "10.009000000000"]}, money, rounded=True)
    assert not same({"1 USD": ["2", "10.011000000000"]}, money, rounded=True)
    assert not same({"1 USD": ["3", "10.000000000000"]}, money, rounded=True)
    assert not same({"1 BRL": ["2", "10.000000000000"]}, money, rounded=True)
