"""Writes what was measured into docs/benchmarks.md: `python -m benchmarks.page`. Every figure comes from the results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import break_even, targets
from benchmarks.machine import ROOT
from benchmarks.results import Board, Case, Result, Summary, file_of, read
from benchmarks.run import FOLDER
from benchmarks.subjects import BY_NAME, STEPS, SUBJECTS

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: made by `python -m benchmarks.page` -->", "<!-- end of results -->"
NOTHING = "Not run yet."
LAYOUTS = {"cur2": "CUR 2.0, Parquet", "cur1": "legacy CUR, CSV in gzip"}
OUTCOMES = {
    "failed": "failed",
    "timeout": "stopped after {seconds:,.0f} s",
    "memory": "stopped at {memory:.1f} GB",
    "different": "computed something else",
}
BASES = {
    "finlake-ingest": "duckdb-delta-silver",
    "duckdb-delta-silver": "duckdb-delta-silver",
    "duckdb-copy-silver": "duckdb-delta-silver",
}
NO_RATIO = ("finlake-unchanged", "finlake-redelivered")
START = "start of the process"
SLOWEST = 5


def rendered(results: list[Result]) -> str:
    """The results as Markdown."""
    if not results:
        return NOTHING
    board = Board(results)
    parts = ["### Targets", *_targets(board)]
    for case in board.cases:
        parts += ["", f"### {targets.named(case)}", "", *_case(board, case)]
    parts += break_even.rendered(board)
    parts += ["", "### Where the time goes", "", *_profile(board)]
    for subject in SUBJECTS:
        parts += _steps(board, subject.name)
    return "\n".join([*parts, "", "### Measured on", "", *_machine(board.shown)])


def _targets(board: Board) -> Iterator[str]:
    yield from ("", "| target | lines | measured | limit | |", "|---|---|--:|--:|---|")
    words = {True: "reached", False: "**missed**", None: ""}
    for row in targets.rows(board):
        yield f"| {row.target} | {row.bill} | {row.measured} | {row.limit} | {words[row.reached]} |"


def _case(board: Board, case: Case) -> Iterator[str]:
    summaries = list(board.at(case))
    newest = summaries[-1].rounds[-1]
    size = newest["byte_count"] / 1e6
    yield f"{newest['lines']:,} lines, {size:,.0f} MB ({LAYOUTS[case.layout]})."
    yield ""
    yield "| | wall, median of n [min–max], s | n | CPU, s | peak memory, MB | lines/s | of (b) |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for summary in summaries:
        yield _row(board, summary)


def _row(board: Board, summary: Summary) -> str:
    title, peak = BY_NAME[summary.subject].title, f"{summary.peak / 1e6:,.0f}"
    wall, cpu = summary.median("wall"), summary.median("cpu")
    if summary.outcome != "ok" or wall is None or cpu is None:
        bad = next(r for r in summary.rounds if r["outcome"] == summary.outcome)
        limits = {"seconds": bad["limits"]["seconds"], "memory": bad["limits"]["memory"] / 1e9}
        said = OUTCOMES[summary.outcome].format(**limits)
        return f"| {title} | {said}, after {bad['wall']:,.1f} s | {len(summary.rounds)} | {bad['cpu']:,.1f} | {peak} | | |"
    least, most = summary.spread("wall")
    base = BASES.get(summary.subject, "duckdb-delta")
    ratio = None if summary.subject in NO_RATIO else board.ratio(summary.case, summary.subject, base)
    of = "" if ratio is None else f"{ratio:.2f} x{' (to silver)' if base in BASES else ''}"
    rate = "" if summary.subject in NO_RATIO else f"{summary.lines / wall:,.0f}"
    spread = f"{wall:,.2f} [{least:,.2f}–{most:,.2f}]"
    return f"| {title} | {spread} | {len(summary.rounds)} | {cpu:,.2f} | {peak} | {rate} | {of} |"


def _profile(board: Board) -> Iterator[str]:
    """In words: the largest shares of finlake's whole run on the largest bill of each layout, and dbt's slowest models."""
    largest = {case.layout: case for case in board.cases if board.median(case, "finlake") is not None}
    for case in largest.values():
        summary = board.of(case, "finlake")
        assert summary is not None
        seconds = _seconds(summary)
        whole = sum(seconds.values())
        shares = sorted(seconds.items(), key=lambda item: -item[1])
        told = ", ".join(f"{name} {spent / whole:.0%}" for name, spent in shares if spent >= whole * 0.02)
        yield f"`finlake run`, {targets.named(case)}: {told}."
        models = sorted(summary.medians("models").items(), key=lambda item: -item[1])
        if models:
            slowest = ", ".join(f"`{name}` {spent:.1f} s" for name, spent in models[:SLOWEST])
            spent = sum(spent for _, spent in models)
            yield f"Of dbt's {seconds['dbt']:.1f} s, {len(models)} models took {spent:.1f} s, the slowest: {slowest}."
        yield ""


def _seconds(summary: Summary) -> dict[str, float]:
    """Median seconds by step, with what lies outside of the steps."""
    found, work = summary.medians("steps"), summary.median("work")
    wall = summary.median("wall") or 0.0
    own = sum(found.values())
    rest = {} if work is None else {"clean-up and report": max(work - own, 0.0)}
    return {START: max(wall - (own if work is None else max(work, own)), 0.0), **found, **rest}


def _steps(board: Board, subject: str) -> Iterator[str]:
    """A table of one subject: seconds by step, a column for each bill."""
    summaries = [
        found for case in board.cases if (found := board.of(case, subject)) and found.medians("steps")
    ]
    if not summaries:
        return
    columns = [_seconds(summary) for summary in summaries]
    order = [START, *dict.fromkeys(STEPS.values())]
    names = list(
        dict.fromkeys([n for n in order if any(n in c for c in columns)] + [n for c in columns for n in c])
    )
    yield from ("", f"**{BY_NAME[subject].title}**: median seconds by step", "")
    yield "| step | " + " | ".join(targets.named(summary.case) for summary in summaries) + " |"
    yield "|---|" + "--:|" * len(summaries)
    for name in names:
        yield f"| {name} | " + " | ".join(f"{c[name]:,.2f}" if name in c else "" for c in columns) + " |"
    yield "| whole | " + " | ".join(f"**{sum(c.values()):,.2f}**" for c in columns) + " |"


def _machine(results: list[Result]) -> Iterator[str]:
    """Each machine, commits, times, and how busy the machine was otherwise."""
    machines: list[dict] = []
    for result in results:
        if result["machine"] not in machines:
            machines.append(result["machine"])
    for machine in machines:
        versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
        yield f"- {machine['cores']} cores ({machine['cpu']}), {machine['memory'] / 1e9:.0f} GB, {machine['system']}; {versions}."
    begun = sorted(result["begun_at"] for result in results)
    commits = ", ".join(f"`{each}`" for each in dict.fromkeys(r["commit"] for r in results))
    yield f"- Runs begun from {begun[0]} to {begun[-1]} (UTC), at commits {commits} (`+`: with changes not yet committed)."
    bills = dict.fromkeys(f"seed {r['seed']}, recipe {r['recipe']}" for r in results)
    yield f"- Bills: {'; '.join(bills)} of `benchmarks/data.py`."
    loads = [result["load"] for result in results]
    yield f"- Load average of the minute before a run: {min(loads):.2f} to {max(loads):.2f}."
    compared = sum(bool(result.get("compared")) for result in results)
    yield f"- {compared} times the totals of a subject's tables were compared with finlake's."
    for result in results:
        if result["outcome"] != "ok":
            last = (result.get("error") or "").strip().splitlines()[-1:] or [""]
            said = last[0][:200].replace("|", "\\|").replace("`", "'")
            yield f"- {result['subject']}, {result['lines']:,} lines, round {result['round']}: {result['outcome']}. {said}"


def write(page: Path, results: list[Result]) -> None:
    """Replace what stands between the markers."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{rendered(results)}\n{END}{after}", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--page", type=Path, default=PAGE)
    said = parser.parse_args(argv)
    write(said.page, read(file_of(said.folder, said.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
