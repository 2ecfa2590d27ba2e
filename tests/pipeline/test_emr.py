"""Jobs on EMR Serverless: the request is one that AWS's own model takes, its size follows the ledger, an interruption cancels."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator
from moto import mock_aws
from moto.emrserverless import models

from finlake.errors import ConfigurationError, FinlakeError
from finlake.messages import Said
from finlake.settings import EmrSettings
from pipeline import cli, emr

SETTINGS = EmrSettings(
    application="00fabc",
    role="arn:aws:iam::123456789012:role/finlake-emr",
    package="s3://lake/emr",
    most_executors=4,
)
COMMAND = ["ingest", "--lake", "s3://lake/fin ops", "--source", "s3://bill/exports"]


def test_the_request_is_one_that_aws_takes() -> None:
    asked = emr.request(SETTINGS, COMMAND, 12_000_000, "first")
    model = botocore.session.get_session().get_service_model("emr-serverless").operation_model("StartJobRun")
    report = ParamValidator().validate(asked, model.input_shape)
    assert not report.has_errors(), report.generate_report()
    submit = asked["jobDriver"]["sparkSubmit"]
    assert submit["entryPoint"] == "s3://lake/emr/entry.py"
    assert submit["entryPointArguments"] == COMMAND
    assert "spark.executor.instances=3 " in submit["sparkSubmitParameters"]


@pytest.mark.parametrize(("lines", "wanted"), [(0, 1), (5_000_000, 1), (5_000_001, 2), (900_000_000, 4)])
def test_executors_follow_the_lines_up_to_a_ceiling(lines: int, wanted: int) -> None:
    assert emr.executors(lines, most=4) == wanted


def test_the_same_attempt_starts_no_second_job() -> None:
    first, again, other = (emr.request(SETTINGS, COMMAND, 0, attempt) for attempt in ("a", "a", "b"))
    assert first == again and first["clientToken"] != other["clientToken"]


@pytest.mark.parametrize("name", ["application", "role", "package"])
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"emr.{name}"):
        emr.request(SETTINGS.model_copy(update={name: None}), COMMAND, 0, "a")


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An application of moto's; looking at a job takes no time."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(emr.time, "sleep", lambda seconds: None)
    with mock_aws():
        client = boto3.client("emr-serverless")
        yield client.create_application(name="finlake", releaseLabel="emr-7.10.0", type="SPARK")[
            "applicationId"
        ]


def started(application: str) -> list[dict[str, Any]]:
    return list(boto3.client("emr-serverless").list_job_runs(applicationId=application)["jobRuns"])


@pytest.mark.parametrize("state", ["SUCCESS", "FAILED", "CANCELLED"])
def test_a_job_is_followed_to_its_end(application: str, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "JOB_STATUS", state)
    asked = emr.request(SETTINGS.model_copy(update={"application": application}), COMMAND, 0, "a")
    told: list[Said] = []
    if state == "SUCCESS":
        assert emr.run(asked, told.append)["state"] == state
    else:
        with pytest.raises(FinlakeError, match=state) as refused:
            emr.run(asked, told.append)
        assert refused.value.code == "emr_job_failed"
    assert len(told) == len(started(application)) == 1


def test_an_interruption_cancels_the_job(application: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "JOB_STATUS", "RUNNING")
    asked = emr.request(SETTINGS.model_copy(update={"application": application}), COMMAND, 0, "a")

    def interrupted(said: Said) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        emr.run(asked, interrupted)
    assert [job["state"] for job in started(application)] == ["CANCELLED"]


def test_the_command_shows_what_it_would_ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("application", "role", "package"):
        monkeypatch.setenv(f"FINLAKE_EMR__{name.upper()}", getattr(SETTINGS, name))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        words = ["emr", "submit", "--dry-run", "--json", "--lake", str(tmp_path / "lake"), "--", *COMMAND]
        assert cli.main(words) == 0
    said = json.loads(out.getvalue())
    assert said["jobDriver"]["sparkSubmit"]["entryPointArguments"] == COMMAND


def test_an_ingest_needs_none_of_the_packages_that_emr_lacks() -> None:
    """The package for EMR holds the dependency group `emr` alone: without pandas, dbt, Great Expectations or the models'."""
    blocked = ("pandas", "dbt", "great_expectations", "mlflow", "lightgbm", "statsforecast", "ml")
    code = (
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {blocked!r}:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "import pipeline.steps, pipeline.emr_entry, pipeline.commands.ingest\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
