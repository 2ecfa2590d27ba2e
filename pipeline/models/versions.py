"""Versions of the models: which there are, promote, go back, and whether the champion still fits what came."""

from __future__ import annotations

from typing import Any

from finlake.clock import utc_now
from finlake.errors import NotFound
from finlake.lake import Lake, open_lake
from finlake.settings import Settings
from ml.config import load
from ml.registry.tracking import REASON, Registry, Version
from pipeline.models.drift import days_measured, signs_of
from pipeline.models.inputs import inputs_of
from pipeline.models.places import registry_of
from pipeline.models.score import serving_of


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Every version with aliases, what it was made from, how it did, and why it was or wasn't promoted; newest first."""
    registry = registry_of(open_lake(settings.lake), settings)
    return [_said(registry, version) for version in registry.versions()]


def promoted(settings: Settings, number: str) -> dict[str, Any]:
    """Make a version the champion by hand. Raises NotFound for one that isn't there."""
    lake = open_lake(settings.lake)
    registry = registry_of(lake, settings)
    version = _version(registry, number, lake)
    measured = version.tags.get(REASON)
    reason = f"by hand; as measured: {measured}" if measured else "by hand"
    return _said(registry, registry.promote(version, utc_now(), reason))


def rolled_back(settings: Settings, number: str | None) -> dict[str, Any]:
    """Go back to the champion before, or to a version. Raises NotFound where there is none."""
    lake = open_lake(settings.lake)
    registry = registry_of(lake, settings)
    if number is not None:
        _version(registry, number, lake)
    try:
        return _said(registry, registry.rollback(utc_now(), number))
    except KeyError:
        raise NotFound.of("no_former_champion", where=lake.root) from None


def drifted(settings: Settings) -> dict[str, Any]:
    """Signs that the champion no longer fits: its error since, its coverage, spend that it never saw."""
    lake = open_lake(settings.lake)
    registry = registry_of(lake, settings)
    inputs = inputs_of(lake, settings, load("forecast")["late_days"])
    serving = serving_of(registry, lake)
    measured = registry.metrics(serving.version)
    signs = signs_of(lake, settings, inputs, serving.version.version, serving.models, measured)
    number = serving.version.version
    return {"version": number, "signs": signs, "days": days_measured(lake, settings, inputs, number)}


def _version(registry: Registry, number: str, lake: Lake) -> Version:
    try:
        return registry.version(number)
    except KeyError:
        raise NotFound.of("model_version_missing", where=lake.root, version=number) from None


def _said(registry: Registry, version: Version) -> dict[str, Any]:
    return {
        "model": version.name,
        "version": version.version,
        "aliases": list(version.aliases),
        "made_from": {k.removeprefix("finlake."): v for k, v in sorted(version.tags.items())},
        "measured": {k: round(v, 4) for k, v in sorted(registry.metrics(version).items())},
    }
