"""Where a lake's model versions lie: its own MLflow store, or the server that the settings name."""

from __future__ import annotations

from finlake.lake import Lake
from finlake.settings import Settings
from ml.config import load
from ml.registry.tracking import Registry

FOLDER = "mlflow"


def tracking_uri(lake: Lake, settings: Settings) -> str:
    """`mlflow_uri`, otherwise an SQLite file: in the lake's folder, or where this machine keeps state of a lake on S3."""
    if settings.mlflow_uri:
        return settings.mlflow_uri
    folder = lake.state_dir.parent / FOLDER if lake.is_local else lake.state_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}"


def registry_of(lake: Lake, settings: Settings) -> Registry:
    """The registered forecast model of a lake."""
    artifacts = None if settings.mlflow_uri else lake.uri(FOLDER, "artifacts")
    return Registry(tracking_uri(lake, settings), artifacts, load("registry")["name"])
