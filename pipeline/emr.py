"""finlake commands as Spark jobs on EMR Serverless: the request, its size, and following the job to its end.

A job runs the same command line as anywhere (`finlake ingest --lake s3://…`), in the driver of a Spark that EMR starts. What it
needs is packed by `make emr-package` and lies below `emr.package`. API:
https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_StartJobRun.html
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import boto3

from finlake.errors import ConfigurationError, FinlakeError
from finlake.ledger import DeliveryRecord
from finlake.messages import Said, message
from finlake.settings import EmrSettings

ENTRY, ARCHIVE = "entry.py", "environment.tar.gz"
LINES_PER_EXECUTOR = 5_000_000
"""An assumption, not measured on EMR: a month of so many lines is one executor's work."""
EXECUTOR = {"cores": 4, "memory": "14g", "disk": "60g"}
DRIVER = {"cores": 4, "memory": "14g", "disk": "200g"}
"""Within what EMR Serverless allows of a worker of 4 vCPU (8 to 30 GB with the overhead of a tenth). The driver copies and checks
deliveries: it needs the disk."""
ENDED = ("SUCCESS", "FAILED", "CANCELLED")
_POLL_SECONDS = 10.0


def expected_lines(records: Sequence[DeliveryRecord]) -> int:
    """Lines of the largest delivery that the ledger knows, since the next ones will be about as large; 0 for a new lake."""
    return max((record.line_count or 0 for record in records), default=0)


def executors(lines: int, most: int) -> int:
    """How many executors a month of so many lines gets."""
    return max(1, min(most, math.ceil(lines / LINES_PER_EXECUTOR)))


def request(settings: EmrSettings, command: Sequence[str], lines: int, attempt: str) -> dict[str, Any]:
    """The StartJobRun request of a finlake command. Pure. `attempt`: what makes two submissions of one command different; the
    same one again starts no second job (EMR's client token). Raises ConfigurationError where a setting is missing."""
    needed = {"application": settings.application, "role": settings.role, "package": settings.package}
    for name, value in needed.items():
        if value is None:
            raise ConfigurationError.of("emr_setting_missing", setting=f"emr.{name}")
    said = [attempt, settings.application, *command]
    return {
        "applicationId": settings.application,
        "executionRoleArn": settings.role,
        "clientToken": hashlib.sha256(json.dumps(said).encode()).hexdigest()[:64],
        "name": f"finlake {command[0]}"[:256],
        "executionTimeoutMinutes": settings.timeout_minutes,
        "jobDriver": {
            "sparkSubmit": {
                "entryPoint": f"{settings.package}/{ENTRY}",
                "entryPointArguments": list(command),
                "sparkSubmitParameters": _parameters(settings, executors(lines, settings.most_executors)),
            }
        },
        "configurationOverrides": {
            "monitoringConfiguration": {"managedPersistenceMonitoringConfiguration": {"enabled": True}}
        },
    }


def _parameters(settings: EmrSettings, count: int) -> str:
    python = {"PYTHONPATH": "./environment", "PYSPARK_PYTHON": settings.python, "FINLAKE_ENGINE": "spark"}
    conf = {
        "spark.archives": f"{settings.package}/{ARCHIVE}#environment",
        **{f"spark.emr-serverless.driverEnv.{name}": value for name, value in python.items()},
        "spark.executorEnv.PYSPARK_PYTHON": settings.python,
        "spark.driver.cores": DRIVER["cores"],
        "spark.driver.memory": DRIVER["memory"],
        "spark.emr-serverless.driver.disk": DRIVER["disk"],
        "spark.executor.cores": EXECUTOR["cores"],
        "spark.executor.memory": EXECUTOR["memory"],
        "spark.emr-serverless.executor.disk": EXECUTOR["disk"],
        "spark.executor.instances": count,
        "spark.dynamicAllocation.maxExecutors": count,
    }
    return " ".join(f"--conf {key}={value}" for key, value in conf.items())


def run(asked: dict[str, Any], doing: Callable[[Said], None]) -> dict[str, Any]:
    """Start the job and follow it to its end; an interruption cancels it. Returns EMR's account of it. Raises FinlakeError where
    it failed or was cancelled."""
    client = boto3.client("emr-serverless")
    names = {
        "applicationId": asked["applicationId"],
        "jobRunId": client.start_job_run(**asked)["jobRunId"],
    }
    try:
        ended = _followed(client, names, doing)
    except KeyboardInterrupt:
        client.cancel_job_run(**names)
        raise
    if ended["state"] != "SUCCESS":
        raise FinlakeError.of(
            "emr_job_failed",
            where=names["jobRunId"],
            state=ended["state"],
            detail=ended.get("stateDetails", ""),
        )
    return ended


def _followed(client: Any, names: dict[str, str], doing: Callable[[Said], None]) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = client.get_job_run(**names)["jobRun"]
        doing(message("doing.emr", job=names["jobRunId"], state=job["state"].lower()))
        if job["state"] in ENDED:
            return job
        time.sleep(_POLL_SECONDS)
