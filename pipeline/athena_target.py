"""Target athena: dbt adds a build's rows to Iceberg tables in Athena; the checks run there too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from finlake.athena import AT_ONCE, Athena
from finlake.athena_warehouse import AthenaWarehouse
from finlake.contracts import load_contract
from finlake.glue_tables import register
from finlake.lake import Lake
from finlake.settings import AthenaSettings
from finlake.warehouse import Build
from pipeline.targets import Draft

if TYPE_CHECKING:
    from expectations.results import CheckResult
    from pipeline.dbt_runner import DbtResult, NodeResult


class AthenaTarget:
    """Athena, in the workgroup and databases of the settings."""

    shares_tables = True
    seconds_between_looks = 30.0

    def __init__(self, lake: Lake, settings: AthenaSettings) -> None:
        self.lake, self.settings = lake, settings
        self.athena = Athena(lake, settings)
        self.builds = AthenaWarehouse(lake, self.athena)

    @property
    def where(self) -> str:
        return self.athena.database("builds")

    def begin(self, draft: Draft, base: Build | None) -> None:
        register(self.athena)

    def make(self, draft: Draft, progress: Callable[[NodeResult], None]) -> DbtResult:
        from pipeline.dbt_runner import run_dbt

        by_build: dict[str, list[str]] = {}
        for period, of in sorted(draft.rows_of.items()):
            by_build.setdefault(of, []).append(period)
        return run_dbt(
            "build",
            # The audit checks the marts' contracts once more, each by one statement: what is scanned twice is billed twice.
            exclude=["path:models/marts,resource_type:test"],
            lake_root=self.lake.root,
            changed_periods=list(draft.periods),
            target="athena",
            environment=self._environment(),
            variables={"build_id": draft.build_id, "rows_of": by_build},
            threads=AT_ONCE,
            progress=progress,
        )

    def check(self, draft: Draft) -> list[CheckResult]:
        from expectations.statements import check_statements, results_of

        def relation(layer: str, table: str) -> str:
            contract = load_contract(layer, table)
            if layer == "gold":
                return self.builds.chosen(contract, draft.rows_of, draft.build_id)
            return self.athena.table(layer, table)

        statements = list(check_statements(relation, draft.changed, dialect="athena"))
        counted = self.athena.together(statement.sql for statement in statements)
        pairs = zip(statements, counted, strict=True)
        return [result for statement, rows in pairs for result in results_of(statement, rows)]

    def reconciliation(self, draft: Draft | Build) -> list[dict[str, Any]]:
        rows = self.builds.chosen(load_contract("gold", "reconciliation"), draft.rows_of, draft.build_id)
        return list(
            self.athena.rows(f"select * from {rows} order by billing_period, payer_id, currency, measure")
        )

    def keep(self, build: Build) -> None:
        self.builds.keep(build)

    def maintain(self) -> None:
        self.builds.maintain()

    def place(self, build_id: str) -> str:
        return self.athena.database("gold")

    def _environment(self) -> dict[str, str]:
        return {
            "FINLAKE_DBT_KEPT_AS": "versioned",
            "FINLAKE_DBT_MADE_AS": "versioned",
            "FINLAKE_DBT_DATABASE": self.settings.database,
            "FINLAKE_DBT_SILVER": self.athena.database("silver"),
            "FINLAKE_DBT_WORKGROUP": self.settings.workgroup,
            "FINLAKE_DBT_RESULTS": self.athena.results,
            "FINLAKE_DBT_POLL_SECONDS": str(self.settings.poll_seconds),
            "FINLAKE_DBT_DATA": self.builds.data,
        }
