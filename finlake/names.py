"""Names that several rooms use: DAGs, their tasks as pasteable commands, assets, owners and tags.

One table, no logic. `dags/` turns a row into a task; the DAG policy test reads the same rows, so that a
command in the Airflow UI is always one that the `finlake` command line knows.
`{{ ... }}` is Airflow's template syntax; `| quote` is the shell quoting that `dags/dag_house.py` adds.
"""

from __future__ import annotations

from dataclasses import dataclass

ASSET_SILVER = "silver.billing_line_items"
ASSET_METRICS = "silver.resource_metrics"
ASSET_MARTS = "marts"
ASSET_MODEL = "models.forecast"
ASSET_RESULTS = "marts.models"
ASSET_DRIFT = "models.drift"

ASSETS: dict[str, dict[str, str]] = {
    ASSET_SILVER: {
        "what": "the canonical bill line, one money rule",
        "contract": "models/silver/billing_line_items.odcs.yaml",
    },
    ASSET_METRICS: {
        "what": "CloudWatch metrics of the resources by hour and day",
        "contract": "models/silver/resource_metrics.odcs.yaml",
    },
    ASSET_MARTS: {"what": "all published marts, one commit", "contract": "models/gold/"},
    ASSET_MODEL: {"what": "versions of the forecast model in MLflow", "contract": "ml/config/registry.yml"},
    ASSET_RESULTS: {
        "what": "forecasts, anomalies and patterns in the published marts",
        "contract": "models/gold/forecast_daily.odcs.yaml",
    },
    ASSET_DRIFT: {"what": "the champion no longer fits what came", "contract": "ml/config/registry.yml"},
}
"""The coarse assets that Airflow knows, and what it shows about them."""

INGEST_DAG = "billing_ingest"
METRICS_DAG = "metrics_ingest"
BUILD_DAG = "marts_build"
TRAIN_DAG = "models_train"
SCORE_DAG = "models_score"
MAINTENANCE_DAG = "lake_maintenance"

NOTHING_NEW_EXIT_CODE = 99
"""The answer of `finlake ingest` for "nothing new" when asked for it: Airflow shows the task as skipped."""

OWNER_PLATFORM = "finops-platform"
OWNERS = frozenset({OWNER_PLATFORM})

TAGS = {
    "billing": "reads what AWS delivered about the bill",
    "metrics": "reads what CloudWatch delivered about the resources",
    "marts": "builds or publishes tables that people query",
    "models": "trains models, or scores with them",
    "maintenance": "keeps the lake small; changes no figure",
}
"""The closed list of DAG tags and what each one says."""

WAIT_SECONDS = 1800
"""How long a task waits for another writer of the lake before it turns red and is retried."""

DEFAULT_LAKE = "finlake-lake"
DEFAULT_SOURCE = "finlake-sample"
DEFAULT_METRICS_SOURCE = "finlake-sample/metrics"

_LAKE = "--lake {{ params.lake | quote }}"
_WAIT = f"--wait {WAIT_SECONDS}"
_SOURCE = "--source {{ params.source | quote }}"


@dataclass(frozen=True)
class TaskCommand:
    """One task: the command that it runs and what a person should know when it is red."""

    command: str
    doc: str


TASKS: dict[str, dict[str, TaskCommand]] = {
    INGEST_DAG: {
        "discover": TaskCommand(
            f"finlake ingest --dry-run {_LAKE} {_SOURCE}",
            "Shows the deliveries that are new at the source; loads nothing. "
            "**Red:** the source can't be read; look at the path or the bucket's permissions.",
        ),
        "ingest": TaskCommand(
            f"finlake ingest {_LAKE} {_SOURCE} --nothing-new-exit-code {NOTHING_NEW_EXIT_CODE}"
            f" --accept-refused {_WAIT}",
            "Loads every new delivery, one commit each. **Skipped:** nothing new. "
            "**Red:** what is committed stays; clear the task to go on from there.",
        ),
        "refused": TaskCommand(
            f"finlake status {_LAKE} --fail-on-refused",
            "**Red: a delivery is in quarantine** and its period still shows the last good version. "
            "The other periods are loaded and go on to the marts. The log names file and reason.",
        ),
    },
    METRICS_DAG: {
        "discover": TaskCommand(
            f"finlake metrics ingest --dry-run {_LAKE} {_SOURCE}",
            "Shows how many metric files are new; loads nothing. "
            "**Red:** the source can't be read or holds none; look at the path or the bucket's permissions.",
        ),
        "ingest": TaskCommand(
            f"finlake metrics ingest {_LAKE} {_SOURCE} --nothing-new-exit-code {NOTHING_NEW_EXIT_CODE}"
            f" --accept-refused {_WAIT}",
            "Loads every new metric file and replaces the days that it touches. **Skipped:** nothing new. "
            "**Red:** what is committed stays; clear the task to go on from there.",
        ),
        "refused": TaskCommand(
            f"finlake metrics refused {_LAKE}",
            "**Red: metric files are refused**; their points are missing, the others are loaded. "
            "The log names file and reason.",
        ),
    },
    BUILD_DAG: {
        "build": TaskCommand(
            f"finlake build {_LAKE} {_WAIT}",
            "Builds and audits marts beside the published ones. **Red:** readers still see the last build.",
        ),
        "publish": TaskCommand(
            f"finlake publish {_LAKE} {_WAIT}",
            "Makes the audited build visible, all marts at once. **Red:** readers still see the last build.",
        ),
    },
    TRAIN_DAG: {
        "train": TaskCommand(
            f"finlake train {_LAKE} --nothing-new-exit-code {NOTHING_NEW_EXIT_CODE}",
            "Trains a challenger and lets it win only if it is better. **Skipped:** nothing new to learn from, or the "
            "challenger was refused; `finlake models list` says why. **Red:** the champion stays and goes on scoring.",
        ),
    },
    SCORE_DAG: {
        "first_training": TaskCommand(
            f"finlake train --if-none {_LAKE}",
            "Trains where no version is champion yet. **Red:** there are no forecasts before this works.",
        ),
        "score": TaskCommand(
            f"finlake score {_LAKE} --nothing-new-exit-code {NOTHING_NEW_EXIT_CODE} {_WAIT}",
            "Forecasts, anomalies and patterns of what is published. **Skipped:** scored already. "
            "**Red:** no version is champion, or the run broke off; readers see the run before.",
        ),
        "build": TaskCommand(
            f"finlake build {_LAKE} {_WAIT}",
            "Builds and audits the marts that show the run. **Red:** readers still see the last build.",
        ),
        "publish": TaskCommand(
            f"finlake publish {_LAKE} {_WAIT}",
            "Makes the run visible, all marts at once. **Red:** readers still see the last build.",
        ),
        "drift": TaskCommand(
            f"finlake models drift {_LAKE} --no-drift-exit-code {NOTHING_NEW_EXIT_CODE}",
            "Looks whether the champion still fits. **Green:** it does not, and models_train runs. "
            "**Skipped:** it does. **Red:** nothing is published yet, or MLflow's store is out of reach.",
        ),
    },
    MAINTENANCE_DAG: {
        "maintain": TaskCommand(
            f"finlake maintain {_LAKE} {_WAIT}",
            "Removes leftovers, and cache, reports, logs and builds beyond the limits of finlake.yml. "
            "**Red:** nothing is lost; it can wait.",
        ),
    },
}
