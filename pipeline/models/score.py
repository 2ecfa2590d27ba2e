"""Scoring: the champion's forecasts, the anomalies and the patterns of the published bill, as one run that the next build
shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from finlake.errors import NotFound
from finlake.failpoints import reach
from finlake.lake import Lake, check_engine, open_lake
from finlake.messages import message
from finlake.report import RunReport
from finlake.settings import Settings
from ml import patterns
from ml.anomaly.detect import detect
from ml.config import config_hash, load
from ml.forecast.explain import explained
from ml.forecast.score import score
from ml.forecast.train import Trained
from ml.registry.tracking import Registry, Version
from pipeline.ml_state import runs
from pipeline.ml_tables import labels, write_run
from pipeline.models.hours import with_hours
from pipeline.models.inputs import (
    Inputs,
    data_version,
    inputs_of,
    metrics_of,
    pattern_metrics,
    pattern_prices,
)
from pipeline.models.places import registry_of
from pipeline.models.train import engine_of, serving_models
from pipeline.models.units import units_of
from pipeline.steps import account, bar_progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

CONFIGS = ("forecast", "anomaly", "patterns")


@dataclass(frozen=True)
class Serving:
    """The version that scores, and its models by currency."""

    version: Version
    models: Mapping[str, Trained]


def run_score(
    settings: Settings, bar: Bar, wait: float = 0.0, *, as_of: date | None = None, force: bool = False
) -> dict[str, Any]:
    """Score what is published with the version that serves and write one complete run. Returns the account of it.

    Nothing is computed where the lake has a run of the same data, models and labels, but with `force`. The lake's lock is held
    for the writing only. Raises NotFound where nothing is published or no version serves.
    """
    lake = open_lake(settings.lake)
    check_engine(lake, settings.engine)
    with RunReport("score", lake.reports, lake=lake.root) as report:
        progress = bar_progress(bar, "score", report, settings.language)
        with report.step("read"):
            inputs = inputs_of(lake, settings, load("forecast")["late_days"], as_of)
            serving = serving_of(registry_of(lake, settings), lake)
            said = labels(lake)
        made_from = data_version(
            inputs,
            serving.version.version,
            [config_hash(load(name)) for name in CONFIGS],
            sorted(map(repr, said.to_dict("records"))),
            units_of(settings),
        )
        report.details |= {
            "origin_date": inputs.as_of.date().isoformat(),
            "version": serving.version.version,
            "data_version": made_from,
        }
        if not force and _has(lake, inputs, made_from):
            report.details |= {"changed": False}
            return account(report)
        frames = _frames(lake, settings, inputs, serving, said, report, progress)
        reach("after_scoring")
        with report.step("write"), lake.writing(wait):
            changed = write_run(
                lake,
                inputs.as_of.date(),
                frames,
                build_id=inputs.version.build_id,
                data_version=made_from,
            )
        report.details |= {"changed": changed, "rows": {name: len(frame) for name, frame in frames.items()}}
    return account(report)


def serving_of(registry: Registry, lake: Lake) -> Serving:
    """The version that serves: the champion, or what stands in for one. Raises NotFound where none does."""
    version = registry.serving()
    if version is None:
        newest = next(iter(registry.versions()), None)
        reason = newest.tags.get("finlake.reason", "") if newest else ""
        raise NotFound.of("no_champion", where=lake.root, reason=reason or "–")
    return Serving(version, serving_models(registry))


def _has(lake: Lake, inputs: Inputs, made_from: str) -> bool:
    day = inputs.as_of.date()
    return any(row["origin_date"] == day and row["data_version"] == made_from for row in runs(lake))


def _frames(
    lake: Lake,
    settings: Settings,
    inputs: Inputs,
    serving: Serving,
    said: pd.DataFrame,
    report: RunReport,
    progress: Any,
) -> dict[str, pd.DataFrame]:
    version = serving.version.version
    progress.total(3)
    with report.step("forecast") as step, engine_of(lake, settings) as local:
        progress.doing(message("models.doing_forecast"))
        forecasts = [
            _forecast(inputs, currency, trained, units_of(settings), local).assign(
                config_hash=config_hash(trained.config)
            )
            for currency, trained in serving.models.items()
            if currency in inputs.bills
        ]
        step.rows = sum(map(len, forecasts))
        progress.advance()
    day = inputs.as_of.date()
    with report.step("anomalies") as step:
        progress.doing(message("models.doing_anomalies"))
        bill = pd.concat(list(inputs.bills.values()), ignore_index=True)
        anomalies = detect(
            bill, day, load("anomaly"), labels=said, metrics=metrics_of(lake, settings, inputs.as_of)
        )
        anomalies = with_hours(lake, settings, anomalies, day, said)
        step.rows = len(anomalies)
        progress.advance()
    with report.step("patterns") as step:
        progress.doing(message("models.doing_patterns"))
        found = _patterns(lake, settings, inputs)
        step.rows = len(found)
        progress.advance()
    frames = {
        "forecasts": pd.concat(forecasts, ignore_index=True) if forecasts else pd.DataFrame(),
        "anomalies": anomalies.assign(config_hash=config_hash(load("anomaly"))),
        "patterns": found.assign(config_hash=config_hash(load("patterns"))),
    }
    return {name: frame.assign(model_version=version) for name, frame in frames.items()}


def _forecast(
    inputs: Inputs, currency: str, trained: Trained, units: Mapping[str, str], local: Any
) -> pd.DataFrame:
    bill = inputs.bills[currency]
    rows = score(bill, inputs.as_of, trained, units, local=local)
    rows = explained(rows, bill, inputs.as_of, trained.config, currency, units)
    return rows.assign(currency=currency)


def _patterns(lake: Lake, settings: Settings, inputs: Inputs) -> pd.DataFrame:
    metrics, day = pattern_metrics(lake, settings, inputs.as_of), inputs.as_of.date()
    made = [
        patterns.find(
            bill,
            day,
            load("patterns"),
            metrics=metrics,
            pricing=pattern_prices(lake, settings, inputs.as_of, currency),
        )
        for currency, bill in inputs.bills.items()
    ]
    return pd.concat(made, ignore_index=True)
