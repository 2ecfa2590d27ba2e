"""Results of the benchmark, one JSON line per run, and what they come to."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.subjects import SUBJECTS

Result = dict[str, Any]


def file_of(folder: Path, seed: int) -> Path:
    return folder / f"results-{seed}.jsonl"


def read(file: Path) -> list[Result]:
    """All results, oldest first. A line that a crash cut off is left out."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def append(file: Path, result: Result) -> None:
    """Write one result at once, so that a stopped benchmark goes on where it was."""
    file.parent.mkdir(parents=True, exist_ok=True)
    cut_off = file.exists() and not file.read_bytes().endswith(b"\n")
    with file.open("a", encoding="utf-8") as out:
        out.write(("\n" if cut_off else "") + json.dumps(result) + "\n")


@dataclass(frozen=True)
class Case:
    """A bill: layout cur2 or cur1, and how many lines were asked for."""

    layout: str
    size: int

    def has(self, result: Result) -> bool:
        return (result["layout"], result["size"]) == (self.layout, self.size)


@dataclass(frozen=True)
class Summary:
    """All rounds of one subject with one bill at one commit: its newest results."""

    case: Case
    subject: str
    rounds: list[Result]

    @property
    def outcome(self) -> str:
        """ok, or what went wrong in any round."""
        return next((r["outcome"] for r in self.rounds if r["outcome"] != "ok"), "ok")

    @property
    def lines(self) -> int:
        return int(self.rounds[-1]["lines"])

    def values(self, name: str) -> list[float]:
        """Of all rounds; none where any round went wrong: such a subject has no figure."""
        return [r[name] for r in self.rounds if r.get(name) is not None] if self.outcome == "ok" else []

    def median(self, name: str) -> float | None:
        """Of seconds, or of bytes."""
        values = self.values(name)
        return statistics.median(values) if values else None

    def spread(self, name: str) -> tuple[float, float]:
        values = self.values(name)
        return min(values), max(values)

    @property
    def peak(self) -> int:
        """The highest memory of any round, also of one that was stopped."""
        return max(int(r["peak_memory"]) for r in self.rounds)

    def medians(self, name: str) -> dict[str, float]:
        """Median seconds of each entry of `steps` or `models`."""
        rounds = [r[name] for r in self.rounds if r.get(name)] if self.outcome == "ok" else []
        names = list(dict.fromkeys(key for each in rounds for key in each))
        return {key: statistics.median(each.get(key, 0.0) for each in rounds) for key in names}


class Board:
    """All summaries, by bill and subject."""

    def __init__(self, results: Iterable[Result]) -> None:
        self.results = list(results)
        kept: dict[tuple[str, int, str], dict[int, Result]] = {}
        for result in self.results:
            key = (result["layout"], result["size"], result["subject"])
            same = kept.get(key, {})
            if any(r["commit"] != result["commit"] for r in same.values()):
                same = {}
            kept[key] = same | {result["round"]: result}
        self._summaries = {
            key: Summary(Case(*key[:2]), key[2], [rounds[n] for n in sorted(rounds)])
            for key, rounds in kept.items()
        }

    @property
    def shown(self) -> list[Result]:
        """The results that count: of each subject and bill, those of the newest commit."""
        return [result for summary in self._summaries.values() for result in summary.rounds]

    @property
    def cases(self) -> list[Case]:
        """CUR 2.0 by size, then legacy CUR."""
        found = {summary.case for summary in self._summaries.values()}
        return sorted(found, key=lambda case: (case.layout != "cur2", case.size))

    def of(self, case: Case, subject: str) -> Summary | None:
        return self._summaries.get((case.layout, case.size, subject))

    def at(self, case: Case) -> Iterator[Summary]:
        """The case's summaries in the order of the subjects."""
        for subject in SUBJECTS:
            if (found := self.of(case, subject.name)) is not None:
                yield found

    def ratio(self, case: Case, subject: str, base: str, name: str = "wall") -> float | None:
        """Median of one by the median of another; None where either was not measured."""
        above, below = self.median(case, subject, name), self.median(case, base, name)
        return above / below if above is not None and below else None

    def median(self, case: Case, subject: str, name: str = "wall") -> float | None:
        found = self.of(case, subject)
        return found.median(name) if found else None
