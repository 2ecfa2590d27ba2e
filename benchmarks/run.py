"""The benchmark: `python -m benchmarks.run`. Interleaved and resumable; results go to build/bench/results-<seed>.jsonl.

For each bill, round by round, each subject once in turn (A B C A B C ...): what slows the machine for a while slows all of
them. A subject that fails, is stopped at a limit or computes something else is not tried again with this bill.
Never a gate: the exit code is 0 whatever was measured. `python -m benchmarks.page` makes the page.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.data import RECIPE, Bill, bill_of
from benchmarks.measure import Measured, measure
from benchmarks.redelivery import delivered_again
from benchmarks.results import Case, Result, append, file_of, read
from benchmarks.subjects import BY_NAME, SUBJECTS, Subject
from benchmarks.totals import Totals, same
from finlake.clock import utc_now

SIZES, CSV_SIZES, SPARK_SIZES = [1_000_000, 5_000_000, 10_000_000], [1_000_000], [1_000_000, 5_000_000]
FOLDER = machine.ROOT / "build" / "bench"
MEGABYTES, GIGABYTES = 1_000_000, 1_000_000_000


REFERENCES = ("finlake", "finlake-ingest")
"""Whose totals the others' are compared with: the first that took part."""


class OutOfTime(Exception):
    """The minutes that were given are over."""


@dataclass(frozen=True)
class Plan:
    """What was asked for. `seconds` and `memory` (bytes) limit each run; `until` is perf_counter's, or infinity."""

    subjects: tuple[Subject, ...]
    rounds: int
    seed: int
    folder: Path
    seconds: float
    memory: int
    until: float
    spark_sizes: tuple[int, ...]
    keep: bool

    @property
    def file(self) -> Path:
        return file_of(self.folder, self.seed)

    def taking_part(self, case: Case) -> list[Subject]:
        return [
            subject
            for subject in self.subjects
            if case.layout in subject.layouts and (not subject.is_spark or case.size in self.spark_sizes)
        ]


class Bench:
    """Runs what is missing of a plan, and knows what the file holds at the present commit."""

    def __init__(self, plan: Plan, again: bool) -> None:
        self.plan, self.commit = plan, machine.commit()
        self.results = read(plan.file)
        self.counted = [] if again else [r for r in self.results if r["commit"] == self.commit]

    def run(self, case: Case) -> None:
        """All rounds of one bill. Raises OutOfTime between two runs."""
        bill = bill_of(self.plan.folder / "data", case.layout, case.size, self.plan.seed)
        taking_part = self.plan.taking_part(case)
        for number in range(1, self.plan.rounds + 1):
            for leader in _leaders(taking_part):
                followers = [s for s in taking_part if s.follows == leader.name]
                self._turn(case, bill, number, [leader, *followers], leader in taking_part)

    def _turn(self, case: Case, bill: Bill, number: int, subjects: list[Subject], counts: bool) -> None:
        """A subject and those who work on what it left, in one folder. `counts`: it takes part itself."""
        missing = [s for s in subjects if self._is_missing(case, s, number) and (counts or s.follows)]
        if not missing:
            return
        if time.perf_counter() > self.plan.until:
            raise OutOfTime
        kept = self.plan.folder / "kept" / f"{case.layout}-{case.size}-{subjects[0].name}"
        with _fresh(self.plan.folder / "target", kept if self.plan.keep else None) as target:
            for subject in subjects:
                if subject in missing:
                    outcome = self._measured(case, bill, subject, number, target)
                elif not subject.follows:
                    outcome = self._process(subject, bill, target).outcome
                else:
                    continue
                if outcome != "ok" and not subject.follows:
                    return

    def _is_missing(self, case: Case, subject: Subject, number: int) -> bool:
        mine = [r for r in self.counted if case.has(r) and r["subject"] == subject.name]
        return all(r["outcome"] == "ok" and r["round"] != number for r in mine)

    def _process(self, subject: Subject, bill: Bill, target: Path) -> Measured:
        source = delivered_again(bill) if subject.redelivered else bill
        _warm(source)
        return measure(subject.command(source, target), target, self.plan.seconds, self.plan.memory)

    def _measured(self, case: Case, bill: Bill, subject: Subject, number: int, target: Path) -> str:
        """Measure one run, write its result down, and return its outcome."""
        begun_at, load = utc_now(), os.getloadavg()[0]
        took = self._process(subject, bill, target)
        result: Result = {
            "layout": case.layout,
            "size": case.size,
            "lines": bill.lines,
            "byte_count": bill.byte_count,
            "seed": self.plan.seed,
            "recipe": RECIPE,
            "subject": subject.name,
            "round": number,
            "outcome": took.outcome,
            "wall": round(took.wall, 3),
            "cpu": round(took.cpu, 3),
            "peak_memory": took.peak_memory,
            "limits": {"seconds": self.plan.seconds, "memory": self.plan.memory},
            "commit": self.commit,
            "begun_at": begun_at.isoformat(timespec="seconds"),
            "load": round(load, 2),
            "machine": machine.facts(),
        }
        if took.outcome == "ok":
            told = subject.told(took.said)
            result |= {"steps": told.steps, "work": told.work, "models": told.models}
            if subject.follows and told.changed:
                result |= {"outcome": "different", "error": "the run has changed a lake that had it all"}
            result |= self._compared(case, subject, target)
        else:
            result["error"] = took.said
        self.results.append(result)
        self.counted.append(result)
        append(self.plan.file, result)
        print(_line(result), flush=True)
        return str(result["outcome"])

    def _compared(self, case: Case, subject: Subject, target: Path) -> Result:
        """The first time: its totals, and whether they are finlake's; outcome `different` where not."""
        if subject.totals is None or any(self._has_totals(r, case, subject) for r in self.counted):
            return {}
        found = subject.totals(target)
        reference = self._reference(case, subject)
        if reference is None:
            return {"totals": found}
        agrees = same(found, reference, rounded=subject.rounded)
        told = {} if agrees else {"outcome": "different", "error": f"{found} instead of {reference}"[:2000]}
        return {"totals": found, "compared": True, **told}

    def _has_totals(self, result: Result, case: Case, subject: Subject) -> bool:
        return case.has(result) and result["subject"] == subject.name and "totals" in result

    def _reference(self, case: Case, subject: Subject) -> Totals | None:
        """finlake's newest totals of this bill, whatever its commit: the bill is the same. None for finlake itself."""
        for name in REFERENCES:
            if name == subject.name:
                return None
            found = [r["totals"] for r in self.results if self._has_totals(r, case, BY_NAME[name])]
            if found:
                return dict(found[-1])
        return None


def _leaders(subjects: list[Subject]) -> list[Subject]:
    """Those whose work the others need, in order, each once."""
    return list(dict.fromkeys(BY_NAME[s.follows] if s.follows else s for s in subjects))


@contextmanager
def _fresh(folder: Path, kept: Path | None) -> Iterator[Path]:
    """An empty folder that is deleted afterwards, or moved to `kept`; all is on the disk before the next run begins."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        if kept:
            shutil.rmtree(kept, ignore_errors=True)
            kept.parent.mkdir(exist_ok=True)
            folder.rename(kept)
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()


def _warm(bill: Bill) -> None:
    """Read the files once, so that no subject is the first to read them from the disk."""
    for path in bill.files:
        with path.open("rb") as file:
            while file.read(8 * MEGABYTES):
                pass
    os.sync()


def _line(result: Result) -> str:
    work = f", own work {result['work']:.1f} s" if result.get("work") is not None else ""
    return (
        f"{result['layout']} {result['lines']:>11,} lines  round {result['round']}  {result['subject']:<20} "
        f"{result['outcome']:<9} {result['wall']:8.1f} s  CPU {result['cpu']:8.1f} s  "
        f"{result['peak_memory'] / MEGABYTES:8,.0f} MB{work}"
    )


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description=(__doc__ or "").split("\n")[0]
    )

    def sizes(text: str) -> list[int]:
        return [int(part.replace("_", "")) for part in text.split(",") if part]

    parser.add_argument("--sizes", type=sizes, default=SIZES, help="lines of CUR 2.0 bills")
    parser.add_argument("--csv-size", type=sizes, default=CSV_SIZES, help="lines of legacy CUR bills")
    parser.add_argument(
        "--spark-sizes", type=sizes, default=SPARK_SIZES, help="of --sizes, those that Spark gets too"
    )
    parser.add_argument("--subjects", default=",".join(BY_NAME), help="names, separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after so long")
    parser.add_argument("--memory-gb", type=float, default=16.0, help="a run that holds more is stopped")
    parser.add_argument(
        "--timeout", type=float, default=3600.0, help="a run that takes more seconds is stopped"
    )
    parser.add_argument(
        "--again", action="store_true", help="measure anew what the file holds at this commit"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the newest tables of each, in kept/ of the folder"
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    said = _arguments(argv)
    names = [name.strip() for name in said.subjects.split(",") if name.strip()]
    if unknown := [name for name in names if name not in BY_NAME]:
        print(f"unknown subjects: {', '.join(unknown)}; there are {', '.join(BY_NAME)}", file=sys.stderr)
        return 2
    plan = Plan(
        subjects=tuple(s for s in SUBJECTS if s.name in names),
        rounds=said.rounds,
        seed=said.seed,
        folder=said.folder.resolve(),
        seconds=said.timeout,
        memory=int(said.memory_gb * GIGABYTES),
        until=time.perf_counter() + said.minutes * 60,
        spark_sizes=tuple(said.spark_sizes),
        keep=said.keep,
    )
    bench = Bench(plan, said.again)
    cases = [Case("cur2", size) for size in said.sizes] + [Case("cur1", size) for size in said.csv_size]
    try:
        for case in cases:
            bench.run(case)
    except OutOfTime:
        print(f"stopped after {said.minutes:g} minutes; the same command goes on from here")
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
