"""The one interface of metric ledgers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from finlake.metric_ledger.records import MetricBatch, MetricRefusal


class MetricLedger(ABC):
    """The metric ledger of one lake; the lake's writer lock keeps writers apart."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is a metric ledger: before the first ingest of metrics there is none."""

    @abstractmethod
    def sequence(self) -> int:
        """The newest batch that the ledger knows; 0 where it knows none."""

    @abstractmethod
    def take_over(self, batches: Iterable[MetricBatch], *, anew: bool = False) -> None:
        """Note what bronze commits took, in their order; `anew` forgets first what was known of stored files.

        A day is to be made anew where a batch brought a content, or showed that one was delivered earlier than known.
        """

    @abstractmethod
    def known(self, marks: Sequence[str]) -> set[str]:
        """Those of the marks whose files bronze holds."""

    @abstractmethod
    def has_content(self, content_id: str) -> bool:
        """Whether bronze holds the points of this content, under whatever name."""

    @abstractmethod
    def days(self) -> dict[str, int]:
        """Day -> the batch that last changed what it is made of."""

    @abstractmethod
    def contents_of(self, day: str) -> list[tuple[str, str]]:
        """(content_id, its place in time as one text that sorts) of every content with points on a day, by content_id."""

    @abstractmethod
    def totals(self) -> dict[str, int]:
        """How many files and different points bronze holds."""

    @abstractmethod
    def refusals(self) -> list[MetricRefusal]:
        """What isn't loaded, by key."""

    @abstractmethod
    def set_refusals(self, refusals: Iterable[MetricRefusal]) -> None:
        """Replace the open refusals by those of the present state of the source."""
