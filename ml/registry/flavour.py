"""The model as MLflow serves one: a pyfunc that takes a bill and gives forecasts, from the files of artifacts.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ml.forecast.panel import last_trusted_day
from ml.forecast.score import score
from ml.frames import checked
from ml.registry import artifacts


def write_model(folder: Path, data: Path) -> None:
    """Write an MLflow model (MLmodel and its files) to an empty folder; `data`: what artifacts.save wrote."""
    import mlflow

    mlflow.pyfunc.save_model(
        str(folder),
        loader_module="ml.registry.flavour",
        data_path=str(data),
        pip_requirements=["finlake"],
    )


def _load_pyfunc(path: str) -> Forecaster:
    """What `mlflow.pyfunc.load_model` calls."""
    return Forecaster(Path(path))


class Forecaster:
    """Forecasts of bills by the models of a folder, one per currency."""

    def __init__(self, folder: Path) -> None:
        self._models = artifacts.load(folder)

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Rows of silver.forecasts without explanations for a bill frame (ml.frames.BILL) of one or more currencies."""
        bill = checked(data)
        made = []
        for currency, trained in self._models.items():
            rows = bill[bill["currency"] == currency]
            if len(rows):
                as_of = last_trusted_day(rows, trained.config["late_days"])
                made.append(score(rows, as_of, trained).assign(currency=currency))
        return pd.concat(made, ignore_index=True)
