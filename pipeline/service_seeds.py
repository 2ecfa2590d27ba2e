"""What is generated from the service catalogue: the dbt seeds, and the first draft of a new service file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from finlake.catalogue import Catalogue
from finlake.service_matching import CONDITION_FIELDS
from finlake.service_model import ServiceCategory

SERVICES_SEED = "services.csv"
MATCHES_SEED = "service_matches.csv"


def seed_files(catalogue: Catalogue) -> dict[str, str]:
    """Name and content of each seed.

    services.csv: one row per service. service_matches.csv: one row per match rule, position 1 decides first;
    an empty cell is no condition.
    """
    services = [(s.service, s.title, s.category.value) for _, s in sorted(catalogue.services.items())]
    matches = [
        (position, match.service, *(getattr(match, name) or "" for name in CONDITION_FIELDS))
        for position, match in enumerate(catalogue.ordered_matches(), start=1)
    ]
    return {
        SERVICES_SEED: _csv(("service", "title", "category"), services),
        MATCHES_SEED: _csv(("position", "service", *CONDITION_FIELDS), matches),
    }


def _csv(header: tuple[str, ...], rows: list[tuple[object, ...]] | list[tuple[str, str, str]]) -> str:
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
