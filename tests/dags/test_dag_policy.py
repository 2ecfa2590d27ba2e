"""House rules of the DAGs, as tests: every DAG says whose it is, what it does, and runs only our commands."""

from __future__ import annotations

import ast
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

from finlake import names, paths

DAG_FILES = sorted(path for path in paths.DAGS_DIR.glob("*.py") if path.name != "dag_house.py")
LIGHT_IMPORTS = {"airflow", "finlake", "dag_house", "datetime", "os", "shlex", "typing", "__future__"}
COMMANDS = [row.command.split() for tasks in names.TASKS.values() for row in tasks.values()]
INGEST_DAGS = {names.INGEST_DAG: names.ASSET_SILVER, names.METRICS_DAG: names.ASSET_METRICS}
PARAMS = {"lake": "/data/my lake", "source": "s3://bucket/exports; rm -rf $HOME"}


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Our DAGs as Airflow imports them, by id, with an Airflow home of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.syspath_prepend(str(paths.DAGS_DIR))
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(paths.DAGS_DIR)
        assert bag.import_errors == {}
        yield dict(bag.dags)


def tasks_of(dags: dict[str, Any]) -> list[Any]:
    return [task for dag in dags.values() for task in dag.tasks]


def test_dags_and_tasks_are_those_of_the_names_table(dags: dict[str, Any]) -> None:
    found = {dag_id: set(dag.task_ids) for dag_id, dag in dags.items()}
    assert found == {dag_id: set(rows) for dag_id, rows in names.TASKS.items()}


def test_a_dag_file_is_named_after_its_dag(dags: dict[str, Any]) -> None:
    assert {path.stem for path in DAG_FILES} == set(dags)


def test_tags_come_from_the_closed_list(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.tags, dag.dag_id
        assert set(dag.tags) <= set(names.TAGS), dag.dag_id


def test_every_dag_and_task_is_documented_for_its_reader(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.description, dag.dag_id
        assert "docs/runbooks/airflow.md" in (dag.doc_md or ""), dag.dag_id
        assert "Red" in dag.doc_md or "red" in dag.doc_md, f"{dag.dag_id} doesn't say what red means"
    for task in tasks_of(dags):
        assert "**Red" in (task.doc_md or ""), f"{task.task_id} doesn't say what red means"


def test_owners_come_from_the_closed_list(dags: dict[str, Any]) -> None:
    assert {task.owner for task in tasks_of(dags)} <= names.OWNERS


def test_tasks_retry_with_exponential_backoff(dags: dict[str, Any]) -> None:
    for task in tasks_of(dags):
        if task.task_id == "refused":
            assert task.retries == 0, "waiting does not repair a refused delivery"
            continue
        assert task.retries >= 2, task.task_id
        assert task.retry_exponential_backoff > 1, task.task_id
        assert task.max_retry_delay is not None, task.task_id
        assert task.execution_timeout is not None, task.task_id


def test_one_run_at_a_time_and_no_catch_up(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.max_active_runs == 1, dag.dag_id
        assert dag.catchup is False, dag.dag_id


def test_the_form_asks_for_lake_and_source_only_and_has_defaults(dags: dict[str, Any]) -> None:
    for dag_id, dag in dags.items():
        wanted = {"lake", "source"} if dag_id in INGEST_DAGS else {"lake"}
        assert set(dag.params) == wanted
        dag.params.validate()
        assert all(dag.params.get_param(name).description for name in wanted)


def test_a_run_cannot_be_pointed_at_another_lake(dags: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dags[names.INGEST_DAG].params.get_param("lake").resolve("/somebody/elses/lake")


def test_assets_tie_ingest_to_the_marts(dags: dict[str, Any]) -> None:
    for dag_id, made in INGEST_DAGS.items():
        assert [asset.name for asset in dags[dag_id].get_task("ingest").outlets] == [made]
    assert [asset.name for asset in dags[names.BUILD_DAG].get_task("publish").outlets] == [names.ASSET_MARTS]
    schedule = dags[names.BUILD_DAG].schedule
    assert type(schedule).__name__ == "AssetAny", "either of them starts a build"
    assert {asset.name for asset in schedule.objects} == set(INGEST_DAGS.values())


def test_nothing_new_is_a_skip_and_a_refused_delivery_is_still_told(dags: dict[str, Any]) -> None:
    for dag in (dags[dag_id] for dag_id in INGEST_DAGS):
        assert names.NOTHING_NEW_EXIT_CODE in dag.get_task("ingest").skip_on_exit_code
        assert dag.get_task("refused").trigger_rule == "none_failed", "all_done would hide a failed ingest"


def test_a_run_that_was_scored_and_never_shown_is_shown_by_the_next(dags: dict[str, Any]) -> None:
    for task in ("build", "publish"):
        assert dags[names.SCORE_DAG].get_task(task).trigger_rule == "none_failed", (
            "score skips what it did before"
        )


def test_every_task_is_one_finlake_command_that_a_person_can_paste(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
        environment.filters |= dag.user_defined_filters
        for task in dag.tasks:
            assert type(task).__name__ == "BashOperator"
            assert task.bash_command == names.TASKS[dag.dag_id][task.task_id].command
            words = shlex.split(environment.from_string(task.bash_command).render(params=PARAMS))
            assert words[0] == "finlake"
            assert words[words.index("--lake") + 1] == PARAMS["lake"], "quoted for the shell"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_command_line_knows_every_command_and_option_of_the_tasks(words: list[str]) -> None:
    import typer

    from pipeline.cli import build_app

    click_command: Any = typer.main.get_command(build_app())
    for word in words[1:]:
        if word.startswith("--"):
            break
        click_command = click_command.commands[word]
    known = {name for option in click_command.params for name in option.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("path", [*DAG_FILES, paths.DAGS_DIR / "dag_house.py"], ids=lambda path: path.stem)
def test_a_dag_file_imports_nothing_heavy(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert {module.split(".")[0] for module in modules} <= LIGHT_IMPORTS, path.name


def test_the_names_table_costs_nothing_to_import() -> None:
    heavy = {"duckdb", "pandas", "pyarrow", "pydantic", "airflow"}
    code = f"import sys, finlake.names; print(len({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "0"


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_airflow_would_find_the_file_and_it_is_small(path: Path) -> None:
    text = path.read_text().lower()
    assert "airflow" in text and "dag" in text, "without both words Airflow skips the file in silence"
    assert len(text.splitlines()) < 60
