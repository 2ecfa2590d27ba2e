"""Reads the files of the service catalogue and finds their faults: in a file, in its examples, between files.

Every fault names file and key. `Catalogue.load()` refuses the first; `finlake service check` lists them all.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from finlake import service_matching, service_model
from finlake.paths import SERVICES_DIR
from finlake.service_matching import Match, Strict, order_matches
from finlake.service_model import UNMAPPED, BillExample, Defaults, IdleExample, Service
from finlake.yaml_text import SafeLoader

DEFAULTS_FILE = "_defaults.yml"


@dataclass(frozen=True, order=True)
class Problem:
    """A fault of the catalogue: in which file, at which key, what."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.message}"


def examine(directory: Path = SERVICES_DIR) -> tuple[dict[str, Service], list[Problem]]:
    """The services of a folder that can be read, and every fault found, in the files and between them."""
    defaults, problems = _read_defaults(directory)
    services: dict[str, Service] = {}
    for path in service_files(directory):
        service, faults = _read_service(path, defaults)
        problems += faults
        if service is not None:
            services[service.service] = service
    return services, sorted({*problems, *_faults_between(services)})


def service_files(directory: Path) -> list[Path]:
    """The service files of a folder in name order, `_defaults.yml` left out."""
    return sorted(path for path in directory.glob("*.yml") if not path.name.startswith("_"))


def all_matches(services: dict[str, Service]) -> tuple[Match, ...]:
    """Every match rule of the services in order of precedence."""
    return order_matches(
        Match(service=name, **rule.conditions) for name, service in services.items() for rule in service.match
    )


class _UniqueKeyLoader(SafeLoader):
    """YAML's safe loader, but a key given twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} given twice", key_node.start_mark
                )
            seen.add(key)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return made


def _read_yaml(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # nosec B506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}" if mark else "file"
        return {}, [Problem(path.name, place, error.problem or "is no YAML")]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return {}, [Problem(path.name, "file", f"can't be read: {error}")]
    if not isinstance(content, dict):
        return {}, [Problem(path.name, "file", "must be a mapping of keys")]
    return content, []


def _read_defaults(directory: Path) -> tuple[Defaults | None, list[Problem]]:
    path = directory / DEFAULTS_FILE
    raw, problems = _read_yaml(path)
    if problems:
        return None, problems
    try:
        return Defaults.model_validate(raw), []
    except ValidationError as error:
        return None, list(_explain(path.name, error))


def _read_service(path: Path, defaults: Defaults | None) -> tuple[Service | None, list[Problem]]:
    raw, problems = _read_yaml(path)
    if problems:
        return None, problems
    try:
        service = Service.model_validate(_with_defaults(raw, defaults) if defaults else raw)
    except ValidationError as error:
        return None, list(_explain(path.name, error))
    if service.service != path.stem:
        return None, [Problem(path.name, "service", f"must be {path.stem!r}, the file's name")]
    return service, []


def _with_defaults(raw: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    """The file's content with the defaults filled in; what isn't a mapping is left to the validation."""
    filled = {"days_to_judge": defaults.days_to_judge} | raw
    for section in ("resource", "idle"):
        base = getattr(defaults, section).model_dump()
        rules = raw.get(section, [])
        rules = [rules] if isinstance(rules, dict) else rules
        if isinstance(rules, list):
            filled[section] = [base | rule if isinstance(rule, dict) else rule for rule in rules]
    base = defaults.alerts.model_dump()
    alerts = raw.get("alerts", {})
    if isinstance(alerts, dict):
        merged = {k: base.get(k, {}) | v if isinstance(v, dict) else v for k, v in alerts.items()}
        filled["alerts"] = base | merged
    return filled


def _model_keys() -> list[str]:
    names = vars(service_matching) | vars(service_model)
    models = [m for m in names.values() if isinstance(m, type) and issubclass(m, Strict)]
    fields = (field.alias or name for model in models for name, field in model.model_fields.items())
    return sorted(set(fields))


def _explain(file: str, error: ValidationError) -> Iterator[Problem]:
    """Pydantic's faults with the place as a dotted key, and a likely name for an unknown key."""
    faults = error.errors(include_url=False)
    for fault in faults:
        within = [f for f in faults if f is not fault and f["loc"][: len(fault["loc"])] == fault["loc"]]
        if fault["type"] == "too_short" and within:
            continue  # the list only looks empty because its entries have faults of their own
        parts = [str(part) for part in fault["loc"] if not str(part).startswith("<")]
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(parts[-1], _model_keys(), n=1)
            message = "unknown key" + (f"; did you mean {near[0]!r}?" if near else "")
        elif fault["type"] == "missing":
            message = "required key is missing"
        elif fault["type"] == "string_too_short":
            message = "must not be empty"
        yield Problem(file, ".".join(parts) or "file", message)


def _faults_between(services: dict[str, Service]) -> Iterator[Problem]:
    """Faults that show only when a file is held against its own examples and against the other files."""
    yield from _doubles(services)
    matches = all_matches(services)
    for name, service in services.items():
        file = f"{name}.yml"
        if name == UNMAPPED:
            yield Problem(file, "service", f"{UNMAPPED!r} is reserved for lines without a service")
        if not service.bill_examples:
            yield Problem(file, "examples", "needs at least one bill line")
        known = service.metric_names
        for i, rule in enumerate(service.idle):
            for metric in sorted(set(rule.when) - known):
                yield Problem(file, f"idle.{i}.when.{metric}", "is no metric under cloudwatch.metrics")
        for i, example in enumerate(service.examples):
            if isinstance(example, BillExample):
                yield from _bill_faults(file, f"examples.{i}", example, name, matches)
            else:
                yield from _idle_faults(file, f"examples.{i}", example, service, known)


def _bill_faults(
    file: str, key: str, example: BillExample, name: str, matches: tuple[Match, ...]
) -> Iterator[Problem]:
    if example.service != name:
        yield Problem(
            file, f"{key}.is", f"must be {name!r}: a neighbour's lines stand in the neighbour's file"
        )
    claims = [match for match in matches if match.claims(example.bill)]
    best = {match.service for match in claims if match.rank == claims[0].rank}
    if len(best) > 1:
        yield Problem(
            file, key, f"is claimed by {', '.join(sorted(best))} with equal rank: make one rule more specific"
        )
    elif best != {name}:
        found = best.pop() if best else "no service"
        yield Problem(file, key, f"must come out as {name!r} but is claimed by {found}")


def _idle_faults(
    file: str, key: str, example: IdleExample, service: Service, known: set[str]
) -> Iterator[Problem]:
    for metric in sorted(set(example.metrics) - known):
        yield Problem(file, f"{key}.metrics.{metric}", "is no metric under cloudwatch.metrics")
    verdict = service.idle_verdict(example.metrics, example.days)
    found = "unknown" if verdict is None else verdict
    if found != example.idle:
        yield Problem(file, f"{key}.idle", f"the idle rules say {str(found).lower()}")


def _doubles(services: dict[str, Service]) -> Iterator[Problem]:
    """Two files with one title, one match rule, or one resource pattern with two types."""
    owners: dict[tuple[str, str], tuple[str, str]] = {}
    for name, service in sorted(services.items()):
        facts = [("title", "title", service.title, name)]
        facts += [
            (f"match.{i}", "match", json.dumps(m.conditions), name) for i, m in enumerate(service.match)
        ]
        facts += [
            (f"resource.{i}", "pattern", pattern, rule.type)
            for i, rule in enumerate(service.resource)
            for pattern in rule.patterns
            if not rule.own_lines_only
        ]
        for key, kind, value, meaning in facts:
            owner, known = owners.setdefault((kind, value), (name, meaning))
            if known != meaning:
                yield Problem(f"{name}.yml", key, f"{value} is already that of {owner}.yml")
