"""Which service a bill line belongs to: match rules (equality and LIKE only) and their order of precedence.

Kept to what every SQL engine does alike, so that silver, dbt and this module decide the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    """Frozen, and a key that isn't declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_min_length=1)


LikePattern = Annotated[str, Field(pattern=r"^[^_\\]+$")]
"""SQL LIKE pattern, case-sensitive, `%` the only wildcard: `_` and backslash differ between engines."""


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("%")), re.DOTALL)


def like(value: str | None, pattern: str) -> bool:
    """Whether `value` matches the pattern as SQL LIKE would (null never does)."""
    return value is not None and _compiled(pattern).fullmatch(value) is not None


class BillLine(Strict):
    """The facts of one bill line that decide its service; names are those of CUR 2.0 without their prefix."""

    product_code: str
    billing_entity: str | None = None
    product_family: str | None = None
    usage_type: str | None = None
    operation: str | None = None
    resource_id: str | None = None


EQUALITY_FIELDS = ("product_code", "billing_entity", "product_family")
LIKE_FIELDS = ("usage_type_like", "operation_like", "resource_id_like")
CONDITION_FIELDS = EQUALITY_FIELDS + LIKE_FIELDS


class MatchRule(Strict):
    """Conditions on one bill line, all of which must hold; a null in the line fulfils none."""

    product_code: str | None = None
    billing_entity: str | None = None
    product_family: str | None = None
    usage_type_like: LikePattern | None = None
    operation_like: LikePattern | None = None
    resource_id_like: LikePattern | None = None

    @model_validator(mode="after")
    def _has_a_condition(self) -> MatchRule:
        if not self.conditions:
            raise ValueError(f"needs at least one of {', '.join(CONDITION_FIELDS)}")
        return self

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions that are set: field -> value or pattern."""
        return {name: value for name in CONDITION_FIELDS if (value := getattr(self, name)) is not None}

    @property
    def rank(self) -> tuple[int, int, int]:
        """Precedence, highest wins: has a product code, then has a usage type, then number of conditions."""
        return (
            int(self.product_code is not None),
            int(self.usage_type_like is not None),
            len(self.conditions),
        )

    def claims(self, line: BillLine) -> bool:
        """Whether every condition holds for the line."""
        return all(
            getattr(line, name) == wanted
            if name in EQUALITY_FIELDS
            else like(getattr(line, name.removesuffix("_like")), wanted)
            for name, wanted in self.conditions.items()
        )


class Match(MatchRule):
    """A match rule together with the service it leads to."""

    service: str


def order_matches(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The rules, doubles removed, most specific first: the first that claims a line decides.

    Order: `rank`, then service name and conditions, which only make it the same on every machine.
    """

    def key(match: Match) -> tuple[tuple[int, ...], str, tuple[tuple[str, str], ...]]:
        return tuple(-part for part in match.rank), match.service, tuple(match.conditions.items())

    return tuple(sorted(set(matches), key=key))
