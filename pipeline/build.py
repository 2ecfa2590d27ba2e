"""Build: dbt makes the marts of the changed months beside the rows of the newest build, and checks run on it before it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from finlake.clock import utc_now
from finlake.contracts import all_contracts
from finlake.errors import AuditFailed, NotFound, Warned
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.ledger import Ledger
from finlake.messages import Said, message
from finlake.paths import CONTRACTS_DIR, DBT_DIR
from finlake.report import RunReport
from finlake.tables import open_table
from finlake.warehouse import Build, new_build_id
from pipeline.authority import settle
from pipeline.control import write_control_tables
from pipeline.metrics_silver import METRICS, days_of_silver
from pipeline.ml_state import results_fingerprint
from pipeline.targets import Draft, Target
from spark_jobs.silver.facts import Facts

if TYPE_CHECKING:
    from expectations.results import CheckResult

_Audit = tuple[dict[str, int], list[dict[str, Any]]]
"""Counts of checks by outcome, and the warnings."""


def build(
    lake: Lake,
    target: Target,
    ledger: Ledger,
    facts: Facts,
    report: RunReport,
    doing: Callable[[Said], None],
    *,
    full: bool = False,
) -> Build | None:
    """Build and audit the marts. None where the newest build was made from exactly these inputs and shows the models' results.

    The caller holds the lake's writer lock. Raises AuditFailed where a check or the reconciliation fails.
    """
    settle(ledger)
    inputs, project = inputs_of(ledger, facts, metrics_of(lake)), project_fingerprint()
    results = results_fingerprint(lake)
    if not inputs:
        raise NotFound.of("nothing_to_build_from", where=lake.root)
    base = next(iter(target.builds.builds()), None)
    changed = _changed(base, inputs, project) if base and not full else None
    if base and changed == [] and base.results == results:
        return None
    draft = _draft(base, changed, sorted(inputs))
    with report.step("prepare") as step:
        write_control_tables(lake, ledger)
        target.begin(draft, base if draft.incremental else None)
        step.details = {"changed_periods": list(draft.periods), "incremental": draft.incremental}
    with report.step("dbt"):
        _dbt(target, draft, report, doing)
        reach("after_dbt")
    with report.step("audit") as step:
        checks, warnings = _audited(target, draft, report, doing)
        step.rows = sum(checks.values())
        reach("after_audit")
    made = Build(
        draft.build_id,
        utc_now().isoformat(),
        project,
        inputs,
        list(draft.periods),
        checks,
        warnings,
        dict(draft.rows_of) if target.shares_tables else {},
        results,
    )
    target.keep(made)
    return made


def _draft(base: Build | None, changed: list[str] | None, periods: list[str]) -> Draft:
    """A new build: what it makes anew (None: all), and whose rows it takes over."""
    build_id = new_build_id(utc_now(), base.build_id if base else None)
    made = periods if changed is None else changed
    former = {period: of for period, of in base.rows_of.items() if period in periods} if base else {}
    return Draft(build_id, tuple(made), {**former, **dict.fromkeys(made, build_id)}, changed is not None)


def inputs_of(ledger: Ledger, facts: Facts, metrics: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Billing period -> fingerprint of all that its marts are made from: deliveries, authority, metrics, rules.

    `metrics`: what silver holds of each month. A month with metrics and without a bill has no marts.
    """
    said: dict[str, list[Any]] = {}
    for record in ledger.deliveries():
        if record.state != "claimed":
            said.setdefault(record.billing_period, []).append(
                (record.sequence, record.delivery_id, record.state)
            )
    for authority in ledger.authority():
        said.setdefault(authority.billing_period, []).append((authority.payer_id, authority.export_id))
    for period in said:
        said[period] += metrics.get(period, ())
    recipe = facts.fingerprint()
    return {
        period: _digest(repr((recipe, sorted(map(repr, parts))))) for period, parts in sorted(said.items())
    }


def metrics_of(lake: Lake) -> dict[str, list[tuple[str, str, int | None]]]:
    """Month -> which commit made each of its days of silver.resource_metrics, by the Delta log: what a build reads."""
    table = open_table(lake, "silver", METRICS)
    found: dict[str, list[tuple[str, str, int | None]]] = {}
    if table is None:
        return found
    for day in days_of_silver(lake):
        for app_id in (f"metrics/{day}", f"metrics-recipe/{day}"):
            said = ("metrics", app_id, table.transaction_version(app_id))
            found.setdefault(day[:7], []).append(said)
    return found


def project_fingerprint() -> str:
    """Changes with every model, macro, seed and contract: then everything is built anew."""
    files = [
        p
        for folder in ("models", "macros", "seeds", "tests")
        for p in sorted((DBT_DIR / folder).rglob("*"))
        if p.is_file()
    ]
    files += [DBT_DIR / "dbt_project.yml", *sorted(CONTRACTS_DIR.rglob("*.yaml"))]
    return _digest("".join(_digest(path.read_text()) for path in files))


def _audited(target: Target, draft: Draft, report: RunReport, doing: Callable[[Said], None]) -> _Audit:
    """Run the expectations and the reconciliation on a draft. Raises AuditFailed."""
    doing(message("doing.expectations"))
    results = target.check(draft)
    failed = [r for r in results if r.stops]
    warned = [_warning(r) for r in results if not r.passed and not r.stops]
    for warning in warned:
        report.warn(warning)
    reconciled = target.reconciliation(draft)
    report.details["reconciliation"] = reconciled
    off = [row for row in reconciled if not row["is_reconciled"]]
    if failed or off:
        said = [f"{r.table}: {r.check}: {r.observed}" for r in failed]
        said += [
            f"{row['billing_period']} {row['payer_id']} {row['measure']} differs from the source"
            for row in off
        ]
        raise AuditFailed.of("checks_failed", where=target.where, count=len(said), checks="; ".join(said[:5]))
    counts = {"passed": sum(r.passed for r in results), "warned": len(warned)}
    return counts, [warning.as_dict() for warning in warned]


def _warning(result: CheckResult) -> Warned:
    if result.row_count is None:
        return Warned.of("check_not_passed", where=result.table, check=result.check, detail=result.observed)
    return Warned.of("check_found_rows", where=result.table, check=result.check, count=result.row_count)


def _dbt(target: Target, draft: Draft, report: RunReport, doing: Callable[[Said], None]) -> None:
    doing(message("doing.starting_dbt"))
    done = target.make(draft, lambda node: doing(message("doing.dbt_node", node=node.name)))
    for warning in done.warnings:
        said = warning.description or warning.message
        report.warn(
            Warned.of(
                "check_found_rows", where="dbt", check=warning.name, count=warning.failures, detail=said
            )
        )
    models = [n for n in done.nodes if n.kind.endswith("model")]
    report.details["models"] = {n.name: n.seconds for n in models}
    if any(n.scanned for n in models):
        report.details["bytes_scanned"] = {n.name: n.scanned for n in models}


def _changed(base: Build, inputs: dict[str, str], project: str) -> list[str] | None:
    """Months to build anew; None means all: that is what a changed project asks for, or a month that went away."""
    if base.project != project or set(base.inputs) - set(inputs):
        return None
    return sorted(period for period, said in inputs.items() if base.inputs.get(period) != said)


def marts() -> list[str]:
    return [contract.name for contract in all_contracts() if contract.layer == "gold"]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
