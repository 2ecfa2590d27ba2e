"""The fault suite: `python -m tests.faults.run --seed S --from K --n N`. Stopped anywhere, it goes on where it was.

A plan lists the cases of all kinds, evenly mixed; results go to build/faults/results-<seed>.jsonl, one line per case.
A failed case keeps its folder, and `--again` runs failed cases anew.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import queue
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tests.faults.kit import KINDS, SEED, Case, warmed

REPOSITORY = Path(__file__).resolve().parent.parent.parent
RESULTS = REPOSITORY / "build" / "faults"
MODULES = ("arrivals", "damage", "disk", "kills", "writers")
FULL = {
    "ingest_kill": 80,
    "build_kill": 26,
    "spark_kill": 10,
    "corrupt": 25,
    "delivery": 32,
    "drift": 25,
    "replaced": 20,
    "half_overwritten": 5,
    "disk_full_ingest": 14,
    "disk_full_run": 6,
    "writers": 50,
    "clock": 10,
}
"""Cases of each kind in a full run; a case inflicts several faults."""


@dataclass(frozen=True)
class Planned:
    """One case of the plan."""

    kind: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.number}"


def plan(kinds: list[str]) -> list[Planned]:
    """All cases of these kinds, mixed so that any stretch holds each kind in its share."""
    places = [((number + 0.5) / FULL[kind], kind, number) for kind in kinds for number in range(FULL[kind])]
    return [Planned(kind, number) for _, kind, number in sorted(places)]


def load_kinds() -> None:
    for module in MODULES:
        importlib.import_module(f"tests.faults.{module}")


def run_case(planned: Planned, seed: int, warm: Any, folder: Path, scratch: dict[str, Any]) -> dict[str, Any]:
    """Run one case; its result, JSON-ready: outcome `passed` or `failed` with the error, and the faults inflicted."""
    started = time.monotonic()
    case = Case(planned.kind, planned.number, seed, warm, folder / planned.name.replace("/", "-"), scratch)
    said: dict[str, Any] = {"case": planned.name, "kind": planned.kind, "seed": seed, "outcome": "passed"}
    try:
        KINDS[planned.kind](case)
    except Exception as error:
        kept = RESULTS / "failed" / f"{seed}-{planned.kind}-{planned.number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(case.folder, kept, ignore_dangling_symlinks=True)
        said |= {"outcome": "failed", "error": f"{type(error).__name__}: {error}"[:2000], "kept": str(kept)}
        said["trace"] = traceback.format_exc()[-2000:]
    finally:
        warm.end_all()
        shutil.rmtree(case.folder, ignore_errors=True)
    said |= {
        "faults": dict(case.faults),
        "seconds": round(time.monotonic() - started, 1),
        "commit": _commit(),
    }
    return said


def work(seed: int, waiting: Any, results: Any, folder: Path) -> None:
    """One worker: a warm server of its own, one case after the other until the queue says None."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load_kinds()
    warm = warmed(folder)
    scratch: dict[str, Any] = {}
    while (planned := waiting.get()) is not None:
        results.put(run_case(planned, seed, warm, folder, scratch))
    warm.close()
    results.put(None)


def done(file: Path, again: bool) -> set[str]:
    """Cases that the state file holds already."""
    if not file.exists():
        return set()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    latest = {said["case"]: said["outcome"] for said in lines}
    return {name for name, outcome in latest.items() if not again or outcome == "passed"}


def run(
    seed: int, cases: list[Planned], file: Path, workers: int, minutes: float
) -> Iterator[dict[str, Any]]:
    """Run cases on some workers and yield each result once it is written down."""
    spawn = multiprocessing.get_context("spawn")
    waiting, results = spawn.Queue(), spawn.Queue()
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"finlake-faults-{os.getpid()}"
    crew = [
        spawn.Process(target=work, args=(seed, waiting, results, folder / str(number)))
        for number in range(workers)
    ]
    for worker in crew:
        worker.start()
    until, todo = time.monotonic() + minutes * 60, iter(cases)
    for planned in list(islice(todo, workers)):
        waiting.put(planned)
    left = workers
    while left:
        try:
            said = results.get(timeout=60)
        except queue.Empty:
            assert not any(worker.exitcode for worker in crew), "a worker has died: start again, it goes on"
            continue
        if said is None:
            left -= 1
            continue
        with file.open("a") as state:
            state.write(json.dumps(said) + "\n")
        waiting.put(next(todo, None) if time.monotonic() < until else None)
        yield said
    for worker in crew:
        worker.join()
    shutil.rmtree(folder, ignore_errors=True)


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True
    )
    return said.stdout.strip()


def main() -> int:
    words = argparse.ArgumentParser(description="The fault suite")
    words.add_argument("--seed", type=int, default=SEED)
    words.add_argument("--from", dest="first", type=int, default=0, help="first case of the plan")
    words.add_argument("--n", type=int, default=0, help="how many cases (0: to the end of the plan)")
    words.add_argument("--kinds", default="", help=f"comma-separated, of {', '.join(FULL)}")
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--minutes", type=float, default=1e6, help="start no case after so many minutes")
    words.add_argument("--again", action="store_true", help="run failed cases anew")
    said = words.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"results-{said.seed}.jsonl"
    cases = plan(said.kinds.split(",") if said.kinds else list(FULL))
    chosen = cases[said.first : said.first + said.n if said.n else None]
    settled = done(file, said.again)
    todo = [case for case in chosen if case.name not in settled]
    print(f"seed {said.seed}: {len(todo)} of {len(chosen)} cases to run, results in {file}", flush=True)
    failed = 0
    for number, result in enumerate(
        run(said.seed, todo, file, min(said.workers, len(todo)), said.minutes), start=1
    ):
        failed += result["outcome"] == "failed"
        told = ", ".join(f"{count} {fault}" for fault, count in result["faults"].items())
        print(
            f"{number}/{len(todo)} seed {said.seed} {result['case']}: {result['outcome']} in {result['seconds']} s: {told}"
            f" {result.get('error', '')[:300]}",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
