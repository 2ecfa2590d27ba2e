"""Target duckdb: a build is a copy of the newest build's database file, in which dbt makes the changed months anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from finlake.engines.duckdb import connect
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.warehouse import Build, Warehouse
from pipeline.targets import Draft

if TYPE_CHECKING:
    from expectations.results import CheckResult
    from pipeline.dbt_runner import DbtResult, NodeResult


class DuckdbTarget:
    """The embedded target."""

    shares_tables = False
    seconds_between_looks = 1.0

    def __init__(self, lake: Lake) -> None:
        self.lake, self.builds = lake, Warehouse(lake)

    @property
    def where(self) -> str:
        return str(self.builds.workplace)

    def begin(self, draft: Draft, base: Build | None) -> None:
        workplace = self.builds.workplace
        workplace.parent.mkdir(parents=True, exist_ok=True)
        for leftover in workplace.parent.glob(f"{workplace.name}*"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        if base:
            shutil.copyfile(self.builds.database(base.build_id), workplace)
        reach("after_build_copy")

    def make(self, draft: Draft, progress: Callable[[NodeResult], None]) -> DbtResult:
        from pipeline.dbt_runner import run_dbt

        return run_dbt(
            "build",
            lake_root=self.lake.root,
            build_db=self.builds.workplace,
            changed_periods=draft.changed,
            progress=progress,
        )

    def check(self, draft: Draft) -> list[CheckResult]:
        import expectations

        return expectations.run(self.builds.workplace, self.lake.root, periods=draft.changed)

    def reconciliation(self, draft: Draft | Build) -> list[dict[str, Any]]:
        file = self.builds.database(draft.build_id) if isinstance(draft, Build) else self.builds.workplace
        con = connect(str(file), read_only=True, extensions=())
        try:
            rows = con.execute(
                "select * from marts.reconciliation order by billing_period, payer_id, currency, measure"
            )
            names = [column[0] for column in rows.description or []]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
        finally:
            con.close()

    def keep(self, build: Build) -> None:
        self.builds.keep(build)

    def maintain(self) -> None:
        """Nothing: a build is one file, which DuckDB wrote whole."""

    def place(self, build_id: str) -> str:
        return str(self.builds.database(build_id))
