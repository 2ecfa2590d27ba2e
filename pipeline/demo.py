"""The demonstration: sample organisation -> Airflow's real scheduler -> published marts -> summary."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from finlake.errors import FinlakeError, NotFound
from finlake.lake import Lake
from finlake.messages import text
from pipeline import airflow_run
from pipeline.airflow_api import AirflowApi
from pipeline.airflow_home import AirflowHome, environment, free_port, is_migrated, migrate
from pipeline.airflow_processes import AirflowProcesses
from pipeline.airflow_run import RunOutcome
from pipeline.console import Output, stdout_console
from pipeline.demo_report import Published, currency_totals, period_proofs, published_build, published_query
from pipeline.demo_view import Progress, Summary, Timed

SEED = 7
TOP_SERVICES = (
    "select currency, service_name, sum(net_amortized_cost)::decimal(18,2) as cost from cost_monthly "
    "group by currency, service_name "
    "qualify row_number() over (partition by currency order by cost desc) <= 5 order by currency, cost desc"
)


class Stopwatch:
    """Times of the steps, in the order in which they ended."""

    def __init__(self) -> None:
        self.times: list[Timed] = []
        self._began = time.monotonic()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step, also one that fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.times.append(Timed(name, time.monotonic() - began))

    def total(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began


def write_sample(folder: Path, months: int, progress: Progress, watch: Stopwatch, language: str) -> None:
    """Write the sample organisation, or find it there. UsageError where the folder holds other things."""
    from finlake.sample import facts, generate
    from finlake.sample.plan import Edition, Request

    def told(edition: Edition, number: int, of: int) -> None:
        progress.watch("writing_sample", [], f"{number}/{of}", folder=str(folder))

    with watch.step(text("demo.step_sample", language)):
        request = Request(seed=SEED, months=months, end_month=facts.load().end_month)
        generate.write_sample(folder, request, told)


def airflow_home(lake: Lake, source: str) -> AirflowHome:
    """The Airflow of a lake; its state lies in the lake's state folder."""
    from finlake.sample.metric_files import FOLDER

    metrics = str(Path(source) / FOLDER)
    return AirflowHome(lake.state_dir / "airflow", lake.root, source, metrics, free_port())


@dataclass
class RunningAirflow:
    """An Airflow whose scheduler, DAG processor and API server are up."""

    processes: AirflowProcesses
    api: AirflowApi
    progress: Progress
    language: str

    def run(self, watch: Stopwatch) -> RunOutcome:
        """Run the DAGs; their tasks' times go to `watch`."""
        outcome = airflow_run.run_dags(self.processes, self.api, self.progress.watch)
        watch.times += [Timed(task.name, task.seconds, task.state) for task in outcome.tasks]
        if outcome.failed is None:
            self.processes.settled()
        return outcome

    def keep_up(self, out: Output) -> None:
        """Say where the UI is and wait for Ctrl-C. Raises FinlakeError if a component ends by itself."""
        home = self.processes.home
        home.running_mark.touch()  # its schedules may start a run while it is up
        for dag_id in airflow_run.HELD_BACK:
            self.api.unpause(dag_id)
        stdout_console().print(text("demo.ui_ready", self.language, url=home.url), soft_wrap=True)
        try:
            while True:
                self.processes.check_alive()
                time.sleep(1)
        except KeyboardInterrupt:
            out.note(text("demo.stopping", self.language))


@contextmanager
def started_airflow(
    home: AirflowHome, progress: Progress, watch: Stopwatch, language: str
) -> Iterator[RunningAirflow]:
    """Airflow, up and with our DAGs read; gone when the block ends in any way. Raises FinlakeError."""
    env = environment(home, os.environ)
    if not is_migrated(home):
        progress.watch("database", [])
        with watch.step(text("demo.step_database", language)):
            migrate(home, env)
    with AirflowProcesses(home, env) as processes:
        api = AirflowApi(home.url)
        with watch.step(text("demo.step_start", language)):
            airflow_run.wait_until_ready(processes, api, progress.watch)
        yield RunningAirflow(processes, api, progress, language)
        progress.watch("stopping", [])
        with watch.step(text("demo.step_stop", language)):
            processes.stop()


def summary_of(
    outcome: RunOutcome, lake: Lake, before: Published | None, watch: Stopwatch, language: str
) -> Summary:
    """Everything that the last screen says, read from what is published. Raises NotFound if nothing is."""
    now = published_build(lake)
    if now is None:
        command = f"{finlake_command()} status --lake {shlex.quote(lake.root)}"
        raise NotFound.of("nothing_published", where=lake.root, command=command)
    proofs = period_proofs(published_query(now))
    return Summary(
        nothing_new=outcome.nothing_new and now == before,
        refused=outcome.refused,
        synthetic=True,
        lake=lake.root,
        proofs=proofs,
        totals=currency_totals(proofs),
        published=now,
        times=[*watch.times, Timed(text("demo.step_total", language), watch.total())],
        next_commands=next_commands(lake.root, language),
    )


def next_commands(lake: str, language: str) -> list[tuple[str, str]]:
    """Three commands to paste, and what each shows."""
    program = finlake_command()
    where = shlex.quote(os.path.relpath(lake)) if not lake.startswith("s3://") else shlex.quote(lake)
    return [
        (f'{program} query --lake {where} "{TOP_SERVICES}"', text("demo.next_query", language)),
        (f"{program} status --lake {where}", text("demo.next_status", language)),
        (f"{program} ui --lake {where}", text("demo.next_ui", language)),
    ]


def finlake_command() -> str:
    """How to call finlake from here: by its name if the shell finds this one, else by its path."""
    mine = Path(sys.executable).parent / "finlake"
    found = shutil.which("finlake")
    if found is not None and Path(found) == mine:
        return "finlake"
    return shlex.quote(min(str(mine), os.path.relpath(mine), key=len))


def failure(outcome: RunOutcome) -> FinlakeError:
    """What to tell when a task failed: which one, the end of its log, and where the log is."""
    task = outcome.failed
    assert task is not None  # nosec B101 - called for failed outcomes only
    said = "".join(f"\n    {line}" for line in outcome.log_lines)
    where = str(outcome.log_file or "its log is empty")
    return FinlakeError.of("task_failed", where=where, detail=said, task=task.name)
