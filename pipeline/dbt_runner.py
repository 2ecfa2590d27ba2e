"""Runs dbt in this process: builds the marts of one build database from silver, or says which tests failed.

dbt writes nothing into the repository: its target and log folders lie in the lake's cache.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finlake.engines.duckdb import memory_limit_mb
from finlake.errors import AuditFailed, FinlakeError, UsageError
from finlake.paths import DBT_DIR
from pipeline.dbt_manifest import parsed_project

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

BY_PERIOD = ("path:models/marts/by_period", "path:models/intermediate/by_period")
"""What dbt keeps by month."""
PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class NodeResult:
    """What became of one model or test: status is success, pass, warn, fail, error or skipped."""

    name: str
    kind: str
    status: str
    seconds: float
    failures: int
    message: str
    description: str
    scanned: int = 0
    """Bytes that Athena scanned for it, which it bills; 0 on other targets."""


@dataclass(frozen=True)
class DbtResult:
    """One dbt command: its nodes in the order in which they finished."""

    command: str
    nodes: tuple[NodeResult, ...]

    @property
    def seconds(self) -> float:
        """Sum of the nodes' times; wall time is less where they ran side by side, more by dbt's own start."""
        return sum(node.seconds for node in self.nodes)

    @property
    def warnings(self) -> tuple[NodeResult, ...]:
        """Checks that are told, not enforced."""
        return tuple(node for node in self.nodes if node.status == "warn")


Progress = Callable[[NodeResult], None]


def run_dbt(
    command: str | Sequence[str],
    *,
    lake_root: str | Path,
    build_db: str | Path | None = None,
    changed_periods: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    target: str = "duckdb",
    environment: Mapping[str, str] | None = None,
    variables: Mapping[str, Any] | None = None,
    threads: int = 2,
    progress: Progress | None = None,
    unit_tests: bool = False,
    work_dir: Path | None = None,
) -> DbtResult:
    """Run `dbt <command>` (for example `build`, or ["docs", "generate"]) on one build.

    `build_db`: the build's database, of target duckdb. `changed_periods` (YYYY-MM): only these are read from silver and
    replaced, where the list is empty nothing that is kept by month; None rebuilds every period (on target duckdb with
    `--full-refresh`). `exclude`: what dbt leaves out, in its words. `environment`: what the profile of another target reads,
    `variables`: further dbt variables. `work_dir` takes dbt's target and logs; default `<lake>/cache/dbt`, or a temporary folder
    for a lake on S3. Raises AuditFailed naming the checks that failed, FinlakeError where SQL or dbt itself failed.
    """
    words = [command] if isinstance(command, str) else list(command)
    said = {"changed_periods": _checked_periods(changed_periods or ()), **(variables or {})}
    wanted = {**_of_the_lake(lake_root, build_db), **(environment or {})}
    with _work_dir(lake_root, work_dir) as folder, _environment(wanted), _own_logging():
        project = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR), "--target", target]
        project += ["--quiet", "--log-level", "none", "--log-level-file", "info", "--no-version-check"]
        arguments = words + project + _options(words[0], folder, threads, said, unit_tests)
        arguments += _extent(words[0], target, changed_periods, exclude)
        return _invoke(" ".join(words), arguments, parsed_project(project, wanted, target), progress)


def _options(
    verb: str, folder: Path, threads: int, variables: Mapping[str, Any], unit_tests: bool
) -> list[str]:
    options = ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    if verb in ("build", "run", "test"):
        options += ["--threads", str(threads), "--vars", json.dumps(dict(variables))]
        options += [
            "--no-write-json"
        ]  # dbt's artefacts: half a second that nobody reads; `docs generate` writes them
    if verb == "build" and not unit_tests:
        options += ["--exclude-resource-type", "unit_test"]
    return options


def _extent(
    verb: str, target: str, changed_periods: Sequence[str] | None, exclude: Sequence[str]
) -> list[str]:
    """How much is built: all anew, or without what is kept by month where no month changed."""
    if verb not in ("build", "run"):
        return []
    by_month = BY_PERIOD if changed_periods is not None and not changed_periods else ()
    left_out = [*exclude, *by_month]
    options = ["--exclude", *left_out] if left_out else []
    return [*options, "--full-refresh"] if target == "duckdb" and changed_periods is None else options


def _invoke(command: str, arguments: list[str], manifest: Manifest, progress: Progress | None) -> DbtResult:
    from dbt.cli.main import dbtRunner

    nodes: list[NodeResult] = []

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished" and progress is not None:
            progress(_from_event(event.data))

    outcome = dbtRunner(manifest=manifest, callbacks=[on_event]).invoke(arguments)
    _close_database()
    for item in getattr(outcome.result, "results", None) or []:
        if hasattr(item, "status"):
            nodes.append(_from_result(item))
    result = DbtResult(command=command, nodes=tuple(nodes))
    if not outcome.success:
        raise _failure(result, outcome.exception)
    return result


def _failure(result: DbtResult, exception: BaseException | None) -> FinlakeError:
    broken = [node for node in result.nodes if node.status == "error"]
    failed = [node for node in result.nodes if node.status == "fail"]
    where = f"dbt {result.command}"
    if broken or not failed:
        what = "; ".join(f"{node.name}: {node.message}" for node in broken) or str(
            exception or "no reason given"
        )
        return FinlakeError.of("marts_not_built", where=where, models=what)
    told = "; ".join(
        f"{node.name} ({node.failures} row(s){': ' + node.description if node.description else ''})"
        for node in failed
    )
    return AuditFailed.of("mart_checks_failed", where=where, count=len(failed), checks=told)


def _from_result(item: Any) -> NodeResult:
    return NodeResult(
        name=item.node.name,
        kind=str(item.node.resource_type),
        status=str(item.status),
        seconds=round(item.execution_time, 3),
        failures=int(item.failures or 0),
        message=" ".join(str(item.message or "").split()),
        description=getattr(item.node, "description", "") or "",
        scanned=int(item.adapter_response.get("data_scanned_in_bytes") or 0),
    )


def _from_event(data: Any) -> NodeResult:
    return NodeResult(
        name=data.node_info.node_name,
        kind=data.node_info.resource_type,
        status=data.run_result.status or data.node_info.node_status,
        seconds=round(data.run_result.execution_time, 3),
        failures=int(data.run_result.num_failures),
        message=data.run_result.message,
        description="",
    )


def _close_database() -> None:
    """Let go of the build file: dbt-duckdb keeps its last connection for the life of the process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()


def _checked_periods(periods: Sequence[str]) -> list[str]:
    for period in periods:
        if not PERIOD.fullmatch(period):
            raise UsageError.of("month_wrong", month=repr(period))
    return sorted(set(periods))


@contextmanager
def _own_logging() -> Iterator[None]:
    """Take away the log handlers that dbt's imports leave on the root logger."""
    before = list(logging.root.handlers)
    try:
        yield
    finally:
        for handler in set(logging.root.handlers) - set(before):
            logging.root.removeHandler(handler)


@contextmanager
def _work_dir(lake_root: str | Path, given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
    elif "://" not in str(lake_root):
        yield Path(lake_root).resolve() / "cache" / "dbt"
    else:
        with tempfile.TemporaryDirectory(prefix="finlake-dbt-") as folder:
            yield Path(folder)


def _of_the_lake(lake_root: str | Path, build_db: str | Path | None) -> dict[str, str]:
    """The variables that dbt/profiles.yml and the sources read on target duckdb."""
    local = "://" not in str(lake_root)
    return {
        "FINLAKE_LAKE_ROOT": str(Path(lake_root).resolve()) if local else str(lake_root),
        "FINLAKE_BUILD_DB": str(Path(build_db).resolve()) if build_db else ":memory:",
        "FINLAKE_DUCKDB_MEMORY": f"{memory_limit_mb()}MB",
    }


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """These variables, for the time of one call."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
