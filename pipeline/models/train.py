"""Training a challenger: learn, measure it beside the champion and the naive, keep all of it in MLflow, decide."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from finlake.clock import utc_now
from finlake.lake import Lake, open_lake
from finlake.messages import LANGUAGES, message, text, told
from finlake.report import RunReport
from finlake.settings import Settings
from ml.config import config_hash, load
from ml.forecast.train import History, Trained, history_of, train
from ml.forecast.windows import Local
from ml.registry import artifacts
from ml.registry.card import card
from ml.registry.contest import Decision, Standing, decide, standings
from ml.registry.tracking import CHAMPION, PROVISIONAL, REASON, Registry, Run, Version
from pipeline.models.drift import signs_of
from pipeline.models.inputs import Inputs, inputs_of
from pipeline.models.places import registry_of
from pipeline.models.units import units_of
from pipeline.steps import account, bar_progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@dataclass(frozen=True)
class Learned:
    """One currency's challenger, the windows that it learned from, and how it and others did on the last of them."""

    trained: Trained
    history: History
    standings: Mapping[str, Standing]


def run_train(
    settings: Settings, bar: Bar, *, as_of: date | None = None, force: bool = False, if_none: bool = False
) -> dict[str, Any]:
    """Train on what is published and decide whether the new version becomes the champion. Returns the account of it.

    Nothing is trained where the newest version has the same data and configuration, but with `force`; nor, with `if_none`,
    where there is a champion. A training that fails leaves the champion as it is.
    """
    lake, config = open_lake(settings.lake), load("forecast")
    registry = registry_of(lake, settings)
    if if_none and (serving := registry.serving()):
        return {"changed": False, "serves_already": True, **_told(serving, None)}
    with RunReport("train", lake.reports, lake=lake.root) as report:
        progress = bar_progress(bar, "train", report, settings.language)
        with report.step("read"):
            inputs = inputs_of(lake, settings, config["late_days"], as_of)
        said = _version_tags(inputs, config)
        newest = next((v for v in registry.versions() if REASON in v.tags), None)
        if newest and not force and all(newest.tags.get(key) == value for key, value in said.items()):
            report.details |= {"changed": False, **_told(newest, None)}
            return account(report)
        serving, models = registry.serving(), serving_models(registry)
        why = drift_tags(lake, settings, registry, inputs, models)
        role = CHAMPION if serving is None or CHAMPION in serving.aliases else PROVISIONAL
        with registry.run(f"{inputs.as_of.date()}", said | why) as run:
            with report.step("learn"), engine_of(lake, settings) as local:
                learned = {
                    currency: _learned(
                        bill, inputs, config, models.get(currency), role, settings, local, progress
                    )
                    for currency, bill in inputs.bills.items()
                }
            with report.step("log"):
                _log(run, learned, inputs, config)
            version = registry.register(run, said | why)
        with report.step("decide"):
            decision = _decision(learned, bool(models) and role == CHAMPION)
            version = _settle(registry, version, decision)
        report.details |= {
            "changed": True,
            **_told(version, decision),
            "standings": {c: [s.as_dict() for s in one.standings.values()] for c, one in learned.items()},
            "as_of": inputs.as_of.date().isoformat(),
            "data": inputs.version.data,
            "config_hash": config_hash(config),
        }
    return account(report)


def serving_models(registry: Registry) -> dict[str, Trained]:
    """The models by currency of the version that serves; none where none does."""
    version = registry.serving()
    if version is None:
        return {}
    with registry.files(version) as folder:
        return artifacts.load(folder / "data" / "tables")


@contextmanager
def engine_of(lake: Lake, settings: Settings) -> Iterator[Local | None]:
    """How candidates that work by series are run: on Spark where that is the lake's engine, otherwise in this process
    (None)."""
    if (settings.engine or lake.engine) != "spark":
        yield None
        return
    from finlake.engines.spark_session import open_session
    from ml.forecast.spread import Spread

    session, _ = open_session(lake.root, settings.spark_remote)
    yield Spread(session, tasks=int(session.conf.get("spark.sql.shuffle.partitions")))


def _learned(
    bill: pd.DataFrame,
    inputs: Inputs,
    config: Mapping[str, Any],
    serving: Trained | None,
    role: str,
    settings: Settings,
    local: Local | None,
    progress: Any,
) -> Learned:
    def tell(origin: pd.Timestamp) -> None:
        progress.doing(message("models.doing_window", day=origin.date().isoformat()))
        progress.advance()

    progress.total(config["windows"]["most"])
    units = units_of(settings)
    history = history_of(bill, inputs.as_of, config, units, local=local, progress=tell)
    progress.doing(message("models.doing_learn"))
    trained = train(history, inputs.as_of, config)
    most = load("registry")["contest"]["windows"]
    return Learned(trained, history, standings(history, inputs.as_of, config, serving, most, role))


def _log(run: Run, learned: Mapping[str, Learned], inputs: Inputs, config: Mapping[str, Any]) -> None:
    """Everything that says what the version is: parameters, figures, tables, plots, card, and the model itself."""
    from ml.registry.flavour import write_model
    from ml.registry.plots import plots

    run.parameters({key: value for key, value in config.items() if not isinstance(value, dict)})
    run.parameters(
        {
            "as_of": inputs.as_of.date(),
            "currencies": ", ".join(learned),
            "periods": len(inputs.version.deliveries),
        }
    )
    for currency, one in learned.items():
        for standing in one.standings.values():
            run.metrics(
                {
                    f"{currency}.{standing.model}.{name}": getattr(standing, name)
                    for name in ("accuracy", "organisation", "coverage", "windows")
                }
            )
    with tempfile.TemporaryDirectory(prefix="finlake-train-") as name:
        folder = Path(name)
        tables = folder / "tables"
        artifacts.save({currency: one.trained for currency, one in learned.items()}, tables)
        write_model(folder / "model", tables)
        run.folder(folder / "model", "model")
        shown = folder / "shown"
        shown.mkdir()
        for currency, one in learned.items():
            plots(one.history, one.trained, shown, currency)
        deliveries = pd.DataFrame(
            [(month, delivery) for month, ids in inputs.version.deliveries.items() for delivery in ids],
            columns=["billing_period", "delivery_id"],
        )
        deliveries.to_csv(shown / "deliveries.csv", index=False)
        (shown / "model_card.md").write_text(_card(learned, inputs, config), encoding="utf-8")
        run.folder(shown, "shown")


def _card(learned: Mapping[str, Learned], inputs: Inputs, config: Mapping[str, Any]) -> str:
    facts = {
        "name": "finlake-forecast",
        "Data": f"{inputs.version.data} (build {inputs.version.build_id}), to {inputs.as_of.date()}",
        "Configuration": f"{config_hash(config)}, designed on months before {config['designed_before']}",
        "Seed": config["seed"],
        "Candidates": ", ".join(config["candidates"]),
        "Series": ", ".join(f"{c}: {len(one.history.panel.keys)}" for c, one in learned.items()),
    }
    tables = {
        text("models.standings", "en", currency=currency): pd.DataFrame(
            [s.as_dict() for s in one.standings.values()]
        ).rename(columns=lambda name: text(f"models.column_{name}", "en"))
        for currency, one in learned.items()
    }
    limits = text("models.limits", "en").strip().split("\n")
    return card(facts, tables, limits)


def _decision(learned: Mapping[str, Learned], has_champion: bool) -> Decision:
    """The decision on the currency with the largest spend; the others follow it, since a version holds all currencies."""
    largest = max(learned.values(), key=lambda one: float(one.history.panel.values.iloc[-28:].sum().sum()))
    found = dict(largest.standings)
    champion = found.get("champion")
    if has_champion and champion is None and "challenger" in found:
        champion = Standing("champion", 0.0, 0.0, None, 0)
    others = champion, found.get("seasonal_naive")
    return decide(found.get("challenger"), *others, load("registry")["contest"], found.get(PROVISIONAL))


def _settle(registry: Registry, version: Version, decision: Decision) -> Version:
    reason = told(message(f"models.{decision.reason}", **decision.values), LANGUAGES[0])
    if decision.promote:
        return registry.promote(version, utc_now(), reason)
    if decision.stands_in:
        return registry.stand_in(version, reason)
    registry.refuse(version, reason)
    return registry.version(version.version)


def _version_tags(inputs: Inputs, config: Mapping[str, Any]) -> dict[str, str]:
    """What a version was made from. Two with the same tags are the same model."""
    return {
        "finlake.data": inputs.version.data,
        "finlake.as_of": inputs.as_of.date().isoformat(),
        "finlake.config": config_hash(config),
    }


def drift_tags(
    lake: Lake, settings: Settings, registry: Registry, inputs: Inputs, models: Mapping[str, Trained]
) -> dict[str, str]:
    """What the version that serves no longer fits when its successor is trained, as a tag for MLflow; none where it still
    fits."""
    version = registry.serving()
    if version is None:
        return {}
    measured = registry.metrics(version)
    signs = signs_of(lake, settings, inputs, version.version, models, measured)
    return {"finlake.drift": "; ".join(told(sign, LANGUAGES[0]) for sign in signs)} if signs else {}


def _told(version: Version, decision: Decision | None) -> dict[str, Any]:
    return {
        "version": version.version,
        "aliases": list(version.aliases),
        "promoted": bool(decision and decision.promote),
        "stands_in": bool(decision and decision.stands_in),
        "reason": message(f"models.{decision.reason}", **decision.values) if decision else None,
    }
