"""The metric ledger as items of a DynamoDB table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

from finlake.dynamo import Delete, Items, Put
from finlake.metric_ledger.base import MetricLedger
from finlake.metric_ledger.records import MetricBatch, MetricRefusal, TakenFile

FILE, CONTENT, CONTENT_DAY, DAY, REFUSAL = "mfile#", "mcontent#", "mcontentday#", "mday#", "mrefusal#"
STATE = "mstate"


class DynamoMetricLedger(MetricLedger):
    """Items: `mfile#<mark>`, `mcontent#<content>` (its earliest place in time, its points), `mcontentday#<day>#<content>`,
    `mday#<day>` (the batch that changed it), `mrefusal#<mark>` and `mstate`, the newest batch that was noted as a whole.

    A batch is more than one transaction. Its days are written first and its number last, so one that was cut off is noted again,
    with the same result. Raises LakeBusy where the lease was lost, ConfigurationError where the table can't be used.
    """

    def __init__(self, items: Items) -> None:
        self.items = items

    def close(self) -> None:
        """Nothing is held open: the client is the process's."""

    def is_there(self) -> bool:
        return self.items.get(STATE) is not None

    def sequence(self) -> int:
        return int(self.items.get(STATE) or 0)

    def take_over(self, batches: Iterable[MetricBatch], *, anew: bool = False) -> None:
        if anew:
            self._forget()
        elif not self.is_there():
            self.items.change([Put(STATE, 0)])
        for batch in sorted(batches, key=lambda b: b.sequence):
            self._note(batch)

    def known(self, marks: Sequence[str]) -> set[str]:
        return {name.removeprefix(FILE) for name in self.items.some([f"{FILE}{mark}" for mark in marks])}

    def has_content(self, content_id: str) -> bool:
        return content_id in self._contents

    def days(self) -> dict[str, int]:
        return {day: int(sequence) for day, sequence in self.items.all(DAY)}

    def contents_of(self, day: str) -> list[tuple[str, str]]:
        names = [name for name, _ in self.items.all(f"{CONTENT_DAY}{day}#")]
        found = self.items.some([f"{CONTENT}{name}" for name in names])
        return sorted((name.removeprefix(CONTENT), str(said["place"])) for name, said in found.items())

    def totals(self) -> dict[str, int]:
        files = sum(1 for _ in self.items.all(FILE))
        return {"files": files, "points": sum(int(said["points"]) for _, said in self.items.all(CONTENT))}

    def refusals(self) -> list[MetricRefusal]:
        return sorted((MetricRefusal(**said) for _, said in self.items.all(REFUSAL)), key=lambda r: r.key)

    def set_refusals(self, refusals: Iterable[MetricRefusal]) -> None:
        self.items.replace(REFUSAL, {r.mark: asdict(r) for r in refusals})

    @cached_property
    def _contents(self) -> set[str]:
        """Read once: every new file's content is asked for."""
        return {name for name, _ in self.items.all(CONTENT)}

    def _note(self, batch: MetricBatch) -> None:
        names = [f"{CONTENT}{file.content_id}" for file in batch.files]
        contents = {name.removeprefix(CONTENT): said for name, said in self.items.some(names).items()}
        changed: set[str] = set()
        for file in batch.files:
            changed |= _placed(contents, file)
        content_days = {(day, file.content_id) for file in batch.files for day in file.days}
        self.items.change(
            [
                *(Put(f"{DAY}{day}", batch.sequence) for day in sorted(changed)),
                *(Put(f"{CONTENT_DAY}{day}#{content}", True) for day, content in sorted(content_days)),
                *(Put(f"{FILE}{file.mark}", asdict(file)) for file in batch.files),
                *(Put(f"{CONTENT}{name}", said) for name, said in sorted(contents.items())),
                Put(STATE, batch.sequence),
            ]
        )
        self._contents.update(contents)

    def _forget(self) -> None:
        """Of what is stored; the number first, so that a cut-off forgetting is done again."""
        self.items.change([Put(STATE, 0)])
        gone = [
            f"{kind}{name}" for kind in (FILE, CONTENT, CONTENT_DAY, DAY) for name, _ in self.items.all(kind)
        ]
        self.items.change([Delete(name) for name in gone])
        self._contents.clear()


def _placed(contents: dict[str, Any], file: TakenFile) -> set[str]:
    """The days that a file changes: all of its days where its content is new or known from a later file only."""
    place = " ".join(file.place)
    before = contents.get(file.content_id, {"place": None, "points": 0})
    first = before["place"] is None or place < before["place"]
    contents[file.content_id] = {
        "place": place if first else before["place"],
        "points": max(file.points, before["points"]),
    }
    return set(file.days) if first else set()
