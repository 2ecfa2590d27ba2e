"""Words, numbers and days of the page in its language, safe to stand in HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

import pandas as pd

from finlake.messages import catalogue, number, text


@dataclass(frozen=True)
class Words:
    """The page's language: `words("name", value=…)` is the catalogue's `insights.name`, escaped."""

    language: str

    def __call__(self, name: str, /, **values: Any) -> str:
        return escape(self.raw(name, **values))

    def raw(self, name: str, /, **values: Any) -> str:
        """The words as they stand in the catalogue, for what is escaped later."""
        return text(f"insights.{name}", self.language, **values)

    def known(self, kind: str, value: Any) -> str:
        """The catalogue's word for a value (`kind_value`), or the value itself where it has none."""
        name = f"{kind}_{value}"
        return self(name) if f"insights.{name}" in catalogue() else escape(str(value))

    def number(self, value: Any, places: int = 0) -> str:
        """A number in the language's spelling; a dash where there is none."""
        if value is None or pd.isna(value):
            return "–"
        return number(Decimal(str(value)), self.language, places)

    def money(self, value: Any, currency: str = "") -> str:
        """Two digits after the point, the currency before; whole units from ten thousand on."""
        if value is None or pd.isna(value):
            return "–"
        told = self.number(value, 0 if abs(float(value)) >= 10_000 else 2)
        return escape(f"{currency}\u00a0{told}" if currency else told)

    def percent(self, share: Any, places: int = 1) -> str:
        """A share as a percentage."""
        if share is None or pd.isna(share):
            return "–"
        return f"{self.number(100 * float(share), places)}\u00a0%"

    def day(self, value: Any) -> str:
        """A day as ISO 8601, which both languages read alike."""
        return "–" if value is None or pd.isna(value) else str(pd.Timestamp(value).date())

    def month(self, value: Any) -> str:
        """A month as YYYY-MM."""
        return "–" if pd.isna(value) else f"{pd.Timestamp(value):%Y-%m}"


def facts_text(value: Any) -> str:
    """A fact of a model card or a version as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {facts_text(one)}" for name, one in value.items())
    if isinstance(value, list | tuple | set):
        return ", ".join(facts_text(one) for one in value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
