"""What finlake is held to, and what was measured: one row for each target and bill that it applies to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.results import Board, Case

INGEST_LIMITS = ((10_000_000, 1.25), (5_000_000, 1.5))
"""From so many lines on, ingestion to silver takes at most so many times as long as (b) to silver."""
RUN_LIMIT = 2.5
MEMORY_LIMIT = 4_000_000_000
SCALE_FROM, SCALE_TO, SCALE_LIMIT = 1_000_000, 10_000_000, 10.0
UNCHANGED_LIMIT = 2.0
OWN = ("finlake", "finlake-ingest", "finlake-unchanged", "finlake-redelivered")
SPARK = "finlake-spark"
PEERS = ("duckdb-delta", "duckdb-copy")


@dataclass(frozen=True)
class Row:
    """`reached` is None where there is nothing to judge: not measured, or no limit at this size."""

    target: str
    bill: str
    measured: str
    limit: str
    reached: bool | None


def named(case: Case) -> str:
    return f"{case.size:,}, {'CUR 2.0' if case.layout == 'cur2' else 'legacy CSV'}"


def rows(board: Board) -> Iterator[Row]:
    """All targets, in the order in which they were set."""
    for case in board.cases:
        limit = next((most for size, most in INGEST_LIMITS if case.size >= size), None)
        ratio = _of_the_faster(board, case, "finlake-ingest", "-silver")
        yield _times("ingestion to silver, of (b) to silver, the faster", case, ratio, limit)
    for case in board.cases:
        ratio = _of_the_faster(board, case, "finlake", "")
        yield _times("run to published marts, of (b), the faster", case, ratio, RUN_LIMIT)
    for case in board.cases:
        yield _memory(board, case, "peak memory", OWN)
        if board.of(case, SPARK):
            yield _memory(board, case, "peak memory, engine spark", (SPARK,))
    yield _scale(board)
    for case in board.cases:
        for name, what in (("unchanged", "same source"), ("redelivered", "delivered again")):
            yield _unchanged(board, case, what, f"finlake-{name}")


def _of_the_faster(board: Board, case: Case, subject: str, what: str) -> float | None:
    """As many times as long as the faster of (b)'s two forms."""
    ratios = [board.ratio(case, subject, f"{form}{what}") for form in PEERS]
    return max((ratio for ratio in ratios if ratio is not None), default=None)


def _times(target: str, case: Case, ratio: float | None, limit: float | None) -> Row:
    reached = ratio <= limit if ratio is not None and limit is not None else None
    measured = f"{ratio:.2f} x" if ratio is not None else "not measured"
    return Row(target, named(case), measured, f"{limit:g} x" if limit else "none set", reached)


def _memory(board: Board, case: Case, target: str, subjects: tuple[str, ...]) -> Row:
    """The highest of any round of any of these commands, also of one that was stopped."""
    limit = f"{MEMORY_LIMIT / 1e9:g} GB"
    peaks = [summary.peak for name in subjects if (summary := board.of(case, name))]
    if not peaks:
        return Row(target, named(case), "not measured", limit, None)
    return Row(target, named(case), f"{max(peaks) / 1e9:.2f} GB", limit, max(peaks) < MEMORY_LIMIT)


def _scale(board: Board) -> Row:
    target, bill = "run to published marts, large by small", f"{SCALE_TO:,} by {SCALE_FROM:,}"
    limit = f"{SCALE_LIMIT:g} x"
    small, large = (board.median(Case("cur2", size), "finlake") for size in (SCALE_FROM, SCALE_TO))
    if not small or not large:
        return Row(target, bill, "not measured", limit, None)
    return Row(target, bill, f"{large / small:.2f} x", limit, large / small <= SCALE_LIMIT)


def _unchanged(board: Board, case: Case, what: str, subject: str) -> Row:
    work, wall = (board.median(case, subject, name) for name in ("work", "wall"))
    target, limit = f"run with nothing new, {what}: own work", f"{UNCHANGED_LIMIT:g} s"
    if work is None or wall is None:
        return Row(target, named(case), "not measured", limit, None)
    measured = f"{work:.2f} s ({wall:.2f} s with start-up)"
    return Row(target, named(case), measured, limit, work < UNCHANGED_LIMIT)
