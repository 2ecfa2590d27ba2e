"""A trained model as files, and back: Parquet tables and one JSON per currency, readable without this code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ml.forecast.model import Learned
from ml.forecast.train import Trained


def save(models: Mapping[str, Trained], folder: Path) -> None:
    """Write each currency's model to a folder of its name."""
    for currency, trained in models.items():
        place = folder / currency
        place.mkdir(parents=True, exist_ok=True)
        for grain, learned in (("days", trained.days), ("months", trained.months)):
            learned.weights.reset_index().to_parquet(place / f"{grain}_weights.parquet", index=False)
            widths = learned.widths.rename(columns=str).reset_index()
            widths.to_parquet(place / f"{grain}_widths.parquet", index=False)
        said = {
            "as_of": trained.as_of.date().isoformat(),
            "windows": trained.windows,
            "steps": {"days": trained.days.steps, "months": trained.months.steps},
            "config": dict(trained.config),
            "seen": sorted(trained.seen),
        }
        (place / "model.json").write_text(json.dumps(said, indent=1), encoding="utf-8")


def load(folder: Path) -> dict[str, Trained]:
    """The models of a folder by currency."""
    return {
        place.name: _load(place) for place in sorted(folder.iterdir()) if (place / "model.json").is_file()
    }


def _load(place: Path) -> Trained:
    said: dict[str, Any] = json.loads((place / "model.json").read_text(encoding="utf-8"))
    grains = {
        grain: Learned(
            _table(place / f"{grain}_weights.parquet"),
            _table(place / f"{grain}_widths.parquet").rename(columns=int),
            int(said["steps"][grain]),
        )
        for grain in ("days", "months")
    }
    return Trained(
        grains["days"],
        grains["months"],
        pd.Timestamp(said["as_of"]),
        int(said["windows"]),
        said["config"],
        frozenset(said["seen"]),
    )


def _table(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path).set_index(["unique_id", "until"]).sort_index()
