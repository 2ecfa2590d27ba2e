"""What is generated from the service catalogue: the dbt seeds, and the first draft of a new service file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from finlake.catalogue import Catalogue
from finlake.service_matching import CONDITION_FIELDS
from finlake.service_model import ServiceCategory

SERVICES_SEED = "services.csv"
MATCHES_SEED = "service_matches.csv"
METRICS_SEED = "service_metrics.csv"
TYPES_SEED = "resource_types.csv"
METRIC_COLUMNS = (
    "service", "resource_type", "id_from", "namespace", "dimension", "second_dimension", "identity_like", "unique_in",
    "home_region", "metric", "metric_name", "statistic", "silence", "fixed_dimension", "fixed_value",
)  # fmt: skip


def seed_files(catalogue: Catalogue) -> dict[str, str]:
    """Name and content of each seed.

    services.csv: one row per service. service_matches.csv: one row per match rule, position 1 decides first;
    an empty cell is no condition. service_metrics.csv: one row per metric of a resource type. resource_types.csv: whose
    each type is, and how many days of metrics it takes to say something about such a resource.
    """
    services = [(s.service, s.title, s.category.value) for _, s in sorted(catalogue.services.items())]
    matches = [
        (position, match.service, *(getattr(match, name) or "" for name in CONDITION_FIELDS))
        for position, match in enumerate(catalogue.ordered_matches(), start=1)
    ]
    return {
        SERVICES_SEED: _csv(("service", "title", "category"), services),
        MATCHES_SEED: _csv(("position", "service", *CONDITION_FIELDS), matches),
        METRICS_SEED: _csv(METRIC_COLUMNS, list(_metrics(catalogue))),
        TYPES_SEED: _csv(("resource_type", "service", "days_to_judge"), _types(catalogue)),
    }


def _metrics(catalogue: Catalogue) -> Iterator[tuple[object, ...]]:
    for name, service in sorted(catalogue.services.items()):
        for source in service.cloudwatch:
            rule = service.resource_of(source)
            dimension, second = (*source.dimension, "")[:2]
            place = (
                source.namespace,
                dimension,
                second,
                source.identity_like,
                source.unique_in,
                source.region or "",
            )
            for metric, fact in source.metrics.items():
                fixed = next(iter(source.fixed_of(fact).items()), ("", ""))
                said = (metric, fact.name, fact.stat, fact.silence, *fixed)
                yield (name, rule.type, rule.id_from, *place, *said)


def _types(catalogue: Catalogue) -> list[tuple[object, ...]]:
    """Of a type that several services name, the first service in alphabetical order."""
    services = [service for _, service in sorted(catalogue.services.items(), reverse=True)]
    owners = {rule.type: (s.service, s.days_to_judge) for s in services for rule in s.resource}
    return [(kind, *owner) for kind, owner in sorted(owners.items())]


def _csv(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def stale_seeds(catalogue: Catalogue, folder: Path) -> dict[Path, str]:
    """The seeds of a folder that are missing or differ from the catalogue, with their right content."""
    wanted = {folder / name: content for name, content in seed_files(catalogue).items()}
    return {
        path: content
        for path, content in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != content
    }


def draft(name: str, title: str, category: ServiceCategory, product_code: str) -> str:
    """Text of a new service file: the required keys, the optional ones as comments to fill or delete."""
    return f"""\
service: {name}
title: {title}
category: {category.value}
match:
  - {{product_code: "{product_code}"}}
# resource: {{type: "{name.replace("_", "-")}:thing", arn_like: "arn:%:{name.replace("_", "-")}:%:thing/%"}}
# cloudwatch:
#   namespace: AWS/...
#   dimension: ...
#   metrics:
#     requests: {{name: ..., stat: Sum}}
# idle:
#   - when: {{requests: {{at_most: 0}}}}
examples:
  - {{bill: {{product_code: "{product_code}"}}, is: {name}}}
# sources: [https://docs.aws.amazon.com/...]
"""
