"""Where the marts are built: what `finlake build`, `run` and `publish` need of a target, and which one the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from finlake.lake import Lake
from finlake.settings import Settings
from finlake.warehouse import Build, Builds

if TYPE_CHECKING:
    from expectations.results import CheckResult
    from pipeline.dbt_runner import DbtResult, NodeResult


@dataclass(frozen=True)
class Draft:
    """A build that is being made: its id, the billing periods that it makes, for each period the build whose rows count, and
    whether it takes over rows of a former build. One that takes over all months makes only what isn't kept by month."""

    build_id: str
    periods: Sequence[str]
    rows_of: Mapping[str, str]
    incremental: bool

    @property
    def changed(self) -> list[str] | None:
        """The periods that are made anew; None: all."""
        return list(self.periods) if self.incremental else None


class Target(Protocol):
    """One engine of the marts."""

    @property
    def builds(self) -> Builds:
        """Its builds and what is published of them."""
        ...

    @property
    def shares_tables(self) -> bool:
        """Whether builds are rows of the same tables, so that a build must say whose rows it takes over."""
        ...

    @property
    def seconds_between_looks(self) -> float:
        """How long who watches waits between two looks at the builds: some engines bill each."""
        ...

    @property
    def where(self) -> str:
        """Where a draft is looked at after a failed check."""
        ...

    def begin(self, draft: Draft, base: Build | None) -> None:
        """Make ready for dbt. `base`: the build whose other months stay."""
        ...

    def make(self, draft: Draft, progress: Callable[[NodeResult], None]) -> DbtResult:
        """Run dbt. Raises AuditFailed where its tests fail, FinlakeError where a model does."""
        ...

    def check(self, draft: Draft) -> list[CheckResult]:
        """Run the expectations on the draft."""
        ...

    def reconciliation(self, draft: Draft | Build) -> list[dict[str, Any]]:
        """Rows of the mart `reconciliation`: billing period × payer × currency × measure, source against marts."""
        ...

    def keep(self, build: Build) -> None:
        """Make the draft an audited build."""
        ...

    def maintain(self) -> None:
        """Write small files together and let go of what no reader needs any more."""
        ...

    def place(self, build_id: str) -> str:
        """Where the marts of a build are, for people."""
        ...


def target_of(lake: Lake, settings: Settings) -> Target:
    """The target that the settings name. Raises ConfigurationError where it can't be on this lake."""
    if settings.target == "athena":
        from pipeline.athena_target import AthenaTarget

        return AthenaTarget(lake, settings.athena)
    from pipeline.duckdb_target import DuckdbTarget

    return DuckdbTarget(lake)
