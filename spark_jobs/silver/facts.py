"""Facts that the silver jobs work by: charge types and source columns (YAML here), services and dimensions (handed in)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from finlake.catalogue import Catalogue
from finlake.contracts import load_contract
from finlake.service_model import UNMAPPED
from finlake.yaml_text import read as read_yaml

MONEY = "decimal(28,12)"
NO_PRODUCT = "(none)"
TABLES = ("billing_line_items", "delivery_costs")
RECIPE = 2
"""Raise it when a rule in this folder changes what a line becomes: silver is then made anew from bronze."""


@cache
def charge_types() -> dict[str, dict[str, Any]]:
    """AWS line item type -> FOCUS words and money rules."""
    return dict(read_yaml(Path(__file__).with_name("charge_types.yml")))


@cache
def source_columns() -> dict[str, dict[str, list[str]]]:
    """Kind (text, instant, number, map, present) -> canonical column -> where it is found, first choice first."""
    return dict(read_yaml(Path(__file__).with_name("source_columns.yml")))


@dataclass(frozen=True)
class Facts:
    """What a run hands to the jobs: the service catalogue and the configured dimensions (name -> tag keys, in order)."""

    catalogue: Catalogue
    dimensions: dict[str, list[str]] = field(default_factory=dict)

    def service_rows(self) -> list[tuple[str, str | None, str]]:
        """(service key, title, FOCUS category) of every service, and of `unmapped`, whose name comes from the bill."""
        known = [(s.service, s.title, str(s.category.value)) for s in self.catalogue.services.values()]
        return [*known, (UNMAPPED, None, "Other")]

    def fingerprint(self) -> int:
        """A number that changes with every rule that decides what silver holds; fits a Delta transaction version."""
        said = [
            RECIPE,
            [(c.name, c.physical_type) for t in TABLES for c in load_contract("silver", t).columns],
            charge_types(),
            source_columns(),
            self.catalogue.fingerprint(),
            sorted(self.dimensions.items()),
        ]
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return int(digest[:13], 16)
