"""From how many lines of a month on engine spark makes silver sooner than engine duckdb on the machine that was measured.

Seconds of the steps that the engines do differently are taken as a + b x lines, through the smallest and the largest bill
that both were measured with. Spark's b is taken to shrink with its cores: what no cluster does better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.results import Board, Summary
from benchmarks.subjects import STEPS

DUCKDB, SPARK = "finlake", "finlake-spark"
DIFFERENT = tuple(title for title in STEPS.values() if title.startswith("silver: "))
CORES_OF_AN_EXECUTOR = 4
EXECUTORS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Line:
    """Seconds: `fixed` of a run whatever its size, and `each` of a million lines."""

    fixed: float
    each: float


def line_through(small: Summary, large: Summary) -> Line:
    """The line through two measured bills, x in millions of lines."""
    (least, low), (most, high) = ((one.lines / 1e6, _seconds(one)) for one in (small, large))
    each = (high - low) / (most - least)
    return Line(low - each * least, each)


def _seconds(summary: Summary) -> float:
    steps = summary.medians("steps")
    return sum(steps.get(title, 0.0) for title in DIFFERENT)


def lines_of(board: Board) -> tuple[Line, Line] | None:
    """DuckDB's and Spark's; None where they weren't measured with two bills."""
    both = [
        case
        for case in board.cases
        if case.layout == "cur2" and all(board.median(case, name) is not None for name in (DUCKDB, SPARK))
    ]
    if len(both) < 2:
        return None
    found = []
    for name in (DUCKDB, SPARK):
        small, large = board.of(both[0], name), board.of(both[-1], name)
        assert small is not None and large is not None
        found.append(line_through(small, large))
    return found[0], found[1]


def break_even(duckdb: Line, spark: Line, cores: int, executors: int) -> float | None:
    """Millions of lines from which on Spark with so many executors needs less time; None: never."""
    each = spark.each * cores / (CORES_OF_AN_EXECUTOR * executors)
    if each >= duckdb.each:
        return None
    return max(spark.fixed - duckdb.fixed, 0.0) / (duckdb.each - each)


def rendered(board: Board) -> Iterator[str]:
    """The section of the page; nothing where there is nothing to say."""
    found = lines_of(board)
    if found is None:
        return
    duckdb, spark = found
    cores = int(board.shown[-1]["machine"]["cores"])
    yield from ("", "### Break-even of the engines", "")
    yield (
        f"Silver, on {cores} cores: engine duckdb {duckdb.fixed:,.1f} s and {duckdb.each:,.1f} s for each million lines, "
        f"engine spark {spark.fixed:,.1f} s and {spark.each:,.1f} s (through the smallest and the largest bill that both were "
        f"measured with). With executors of {CORES_OF_AN_EXECUTOR} cores, and if Spark's time shrank in proportion to its cores, "
        f"it would need less time than engine duckdb on this machine from:"
    )
    yield from ("", "| executors | lines of a month, millions |", "|--:|--:|")
    for executors in EXECUTORS:
        least = break_even(duckdb, spark, cores, executors)
        yield f"| {executors} | {'never' if least is None else f'{least:,.1f}'} |"
    yield ""
    yield "A computation from the figures above, not measured on a cluster; the start of EMR Serverless's workers comes on top."
