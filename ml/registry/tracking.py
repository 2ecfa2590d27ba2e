"""MLflow as the home of model versions: runs with their data, parameters, tables and plots; aliases say which version counts.

Aliases `champion` and `challenger` (https://mlflow.org/docs/latest/ml/model-registry/), and `provisional` for a version that
serves while none has proved itself. A version that was champion keeps the
tag `finlake.promoted_at` and the version before it in `finlake.former`: that is the way back.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

CHAMPION, CHALLENGER, PROVISIONAL = "champion", "challenger", "provisional"
PROMOTED_AT, FORMER, REASON, WITHDRAWN = (
    "finlake.promoted_at",
    "finlake.former",
    "finlake.reason",
    "finlake.withdrawn_at",
)


@dataclass(frozen=True)
class Version:
    """A registered version: its number, the MLflow run that made it, its tags and aliases."""

    name: str
    version: str
    run_id: str
    tags: Mapping[str, str]
    aliases: tuple[str, ...]


class Registry:
    """The versions of one registered model. `uri`: MLflow's tracking address; `artifacts`: where a new experiment keeps its
    files."""

    def __init__(self, uri: str, artifacts: str | None, name: str) -> None:
        from mlflow import MlflowClient

        self.name, self._artifacts = name, artifacts
        self.uri = uri
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    @contextmanager
    def run(self, title: str, tags: Mapping[str, str]) -> Iterator[Run]:
        """An MLflow run of the model's experiment; failed where the block raises."""
        client = self._client
        made = client.create_run(self._experiment(), run_name=title, tags=dict(tags))
        try:
            yield Run(client, made.info.run_id)
        except BaseException:
            client.set_terminated(made.info.run_id, "FAILED")
            raise
        client.set_terminated(made.info.run_id, "FINISHED")

    def _experiment(self) -> str:
        """The number of the model's experiment. Where the lake was moved, a new one: MLflow never changes the folder of one."""
        present = self._client.get_experiment_by_name(self.name)
        if present and not self._moved(present.artifact_location):
            return str(present.experiment_id)
        if present:
            self._client.rename_experiment(present.experiment_id, f"{self.name}, to {present.experiment_id}")
        return str(self._client.create_experiment(self.name, artifact_location=self._artifacts))

    def _moved(self, location: str) -> bool:
        """Whether an experiment keeps its files elsewhere than in the lake as it lies now."""
        return self._artifacts is not None and location.rstrip("/") != self._artifacts.rstrip("/")

    def register(self, run: Run, tags: Mapping[str, str]) -> Version:
        """A new version from the run's folder `model`, which becomes the challenger."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        source = f"{self._client.get_run(run.run_id).info.artifact_uri}/model"
        made = self._client.create_model_version(self.name, source, run.run_id, tags=dict(tags))
        self._client.set_registered_model_alias(self.name, CHALLENGER, made.version)
        return self.version(made.version)

    def version(self, number: str) -> Version:
        """One version. Raises KeyError where there is none."""
        found = next((v for v in self.versions() if v.version == str(number)), None)
        if found is None:
            raise KeyError(number)
        return found

    def versions(self) -> list[Version]:
        """All versions, the newest first."""
        aliases: dict[str, list[str]] = {}
        for model in self._client.search_registered_models(f"name = '{self.name}'"):
            for alias, number in model.aliases.items():
                aliases.setdefault(str(number), []).append(alias)
        found = self._client.search_model_versions(f"name = '{self.name}'")
        return [
            Version(
                self.name,
                str(v.version),
                str(v.run_id),
                dict(v.tags),
                tuple(sorted(aliases.get(str(v.version), []))),
            )
            for v in sorted(found, key=lambda v: -int(v.version))
        ]

    def champion(self) -> Version | None:
        return next((v for v in self.versions() if CHAMPION in v.aliases), None)

    def challenger(self) -> Version | None:
        return next((v for v in self.versions() if CHALLENGER in v.aliases), None)

    def serving(self) -> Version | None:
        """The version that forecasts: the champion, or without one what stands in for it."""
        versions = self.versions()
        found = (v for alias in (CHAMPION, PROVISIONAL) for v in versions if alias in v.aliases)
        return next(found, None)

    def promote(self, version: Version, now: datetime, reason: str) -> Version:
        """Make a version the champion; the one before stays known to it as the way back."""
        before = self.serving()
        if before and before.version == version.version and CHAMPION in before.aliases:
            return before
        if before and before.version != version.version:
            self._tag(version, FORMER, before.version)
        self._tag(version, PROMOTED_AT, now.isoformat(timespec="seconds"))
        self._tag(version, REASON, reason)
        self._client.set_registered_model_alias(self.name, CHAMPION, version.version)
        self._client.delete_registered_model_alias(self.name, PROVISIONAL)
        if CHALLENGER in version.aliases:
            self._client.delete_registered_model_alias(self.name, CHALLENGER)
        return self.version(version.version)

    def stand_in(self, version: Version, reason: str) -> Version:
        """Let a version serve while there is no champion."""
        self._tag(version, REASON, reason)
        self._client.set_registered_model_alias(self.name, PROVISIONAL, version.version)
        if CHALLENGER in version.aliases:
            self._client.delete_registered_model_alias(self.name, CHALLENGER)
        return self.version(version.version)

    def refuse(self, version: Version, reason: str) -> None:
        """Leave a version the challenger, and say why it is no more than that."""
        self._tag(version, REASON, reason)

    def rollback(self, now: datetime, to: str | None = None) -> Version:
        """Make the champion before the present one, or version `to`, the champion again. Raises KeyError where there is
        none."""
        present = self.champion()
        target = to or (present.tags.get(FORMER) if present else None)
        if present is None or target is None or target == present.version:
            raise KeyError(to or FORMER)
        wanted = self.version(target)
        self._tag(present, WITHDRAWN, now.isoformat(timespec="seconds"))
        self._client.set_registered_model_alias(self.name, CHAMPION, wanted.version)
        return self.version(wanted.version)

    @contextmanager
    def files(self, version: Version) -> Iterator[Path]:
        """The version's folder `model` on this machine for the length of a block."""
        from mlflow.artifacts import download_artifacts

        made = self._client.get_run(version.run_id).info
        first = self._client.get_experiment(made.experiment_id).artifact_location
        root = self._artifacts if self._artifacts and self._moved(first) else first
        source = f"{root.rstrip('/')}{made.artifact_uri.removeprefix(first.rstrip('/'))}/model"
        with tempfile.TemporaryDirectory(prefix="finlake-model-") as folder:
            yield Path(download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=self.uri))

    def metrics(self, version: Version) -> dict[str, float]:
        return dict(self._client.get_run(version.run_id).data.metrics)

    def _tag(self, version: Version, key: str, value: str) -> None:
        self._client.set_model_version_tag(self.name, version.version, key, value)


class Run:
    """An MLflow run that is being written."""

    def __init__(self, client: Any, run_id: str) -> None:
        self._client, self.run_id = client, run_id

    def parameters(self, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            self._client.log_param(self.run_id, key, str(value)[:6000])

    def metrics(self, values: Mapping[str, float | None]) -> None:
        for key, value in values.items():
            if value is not None and value == value:
                self._client.log_metric(self.run_id, key, float(value))

    def folder(self, folder: Path, place: str) -> None:
        """Keep a folder's files as artefacts under `place`."""
        self._client.log_artifacts(self.run_id, str(folder), place)
