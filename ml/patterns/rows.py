"""One found pattern as a row of silver.patterns, its sentence in both languages, and a name that stays the same between runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd

from finlake.messages import number, text

COLUMNS = (
    "pattern_id",
    "scope",
    "account_id",
    "service",
    "region",
    "resource_id",
    "pattern",
    "strength",
    "first_day",
    "last_day",
    "details",
    "sentence_en",
    "sentence_pt_br",
    "suggestion",
    "monthly_saving",
    "monthly_saving_lower",
    "monthly_saving_upper",
    "saving_basis",
    "evidence",
    "currency",
)


@dataclass(frozen=True)
class Place:
    """What a pattern is about: an organisation's whole spend in a currency, an account's service, a resource."""

    scope: str
    currency: str
    account_id: str = ""
    service: str = ""
    region: str = ""
    resource_id: str = ""


@dataclass(frozen=True)
class Suggestion:
    """What a person may do about it. `saving` is (estimate, lower, upper) a month, None where no delivered figure gives one.

    `basis` is a code of the catalogue (`patterns.basis_<code>`): how the saving was made, or why there is none.
    """

    kind: str
    basis: str
    evidence: Mapping[str, Any]
    sentence: tuple[str, dict[str, Any]]
    saving: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Found:
    """A pattern: `strength` 0 to 1, days of its evidence (inclusive), facts, and its sentence (catalogue name, values)."""

    place: Place
    pattern: str
    strength: float
    first_day: pd.Timestamp
    last_day: pd.Timestamp
    details: Mapping[str, Any]
    sentence: tuple[str, dict[str, Any]]
    suggestion: Suggestion | None = None
    about: str = ""


@dataclass(frozen=True)
class Money:
    """An amount for a sentence, told with its currency."""

    amount: float
    currency: str


@dataclass(frozen=True)
class Percent:
    """A share for a sentence: 0.125 is told as 12.5 %."""

    share: float
    places: int = 0


def as_frame(found: Iterable[Found]) -> pd.DataFrame:
    """One row per pattern with COLUMNS, by scope, place and pattern. Absent text is None, an absent saving NaN."""
    rows = [_row(one) for one in found]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("strength", "monthly_saving", "monthly_saving_lower", "monthly_saving_upper"):
        frame[name] = frame[name].astype("float64")
    for name in ("first_day", "last_day"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[ns]")
    order = ["currency", "scope", "account_id", "service", "region", "resource_id", "pattern", "pattern_id"]
    return frame.sort_values(order, key=lambda values: values.fillna("")).reset_index(drop=True)


def _row(one: Found) -> dict[str, Any]:
    advice = one.suggestion
    saving = advice.saving if advice and advice.saving else (np.nan,) * 3
    place = {name: value or None for name, value in asdict(one.place).items()}
    return {
        "pattern_id": pattern_id(one),
        **place,
        "pattern": one.pattern,
        "strength": round(float(min(max(one.strength, 0.0), 1.0)), 6),
        "first_day": one.first_day,
        "last_day": one.last_day,
        "details": as_json(one.details),
        "sentence_en": sentence(one, "en"),
        "sentence_pt_br": sentence(one, "pt-BR"),
        "suggestion": advice.kind if advice else None,
        "monthly_saving": saving[0],
        "monthly_saving_lower": saving[1],
        "monthly_saving_upper": saving[2],
        "saving_basis": advice.basis if advice else None,
        "evidence": as_json(advice.evidence) if advice else None,
    }


def pattern_id(one: Found) -> str:
    """Sixteen hex digits over what the pattern is about and which it is, not over its figures: the next run finds it again."""
    place = one.place
    parts = [place.scope, place.currency, place.account_id, place.service, place.region, place.resource_id]
    kind = one.suggestion.kind if one.suggestion else ""
    return hashlib.sha256("\x1f".join([*parts, one.pattern, kind, one.about]).encode()).hexdigest()[:16]


def as_json(facts: Mapping[str, Any]) -> str:
    """JSON with keys in order; floats at six significant digits, days as ISO text."""
    return json.dumps(_plain(facts), ensure_ascii=False, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return None if not np.isfinite(value) else float(f"{float(value):.6g}")
    return value


def sentence(one: Found, language: str) -> str:
    """The pattern in words, then the suggestion with its saving or the reason for none."""
    said = [_said(one.sentence, language)]
    if one.suggestion:
        said.append(_said(one.suggestion.sentence, language))
        said.append(_saving(one.suggestion, one.place.currency, language))
    return " ".join(said)


def _saving(advice: Suggestion, currency: str, language: str) -> str:
    basis = text(f"patterns.basis_{advice.basis}", language)
    if advice.saving is None:
        return text("patterns.no_saving", language, reason=basis)
    figures = dict(zip(("saving", "lower", "upper"), advice.saving, strict=True))
    told = {name: spelt(Money(value, currency), language) for name, value in figures.items()}
    return text("patterns.saving", language, basis=basis, **told)


def _said(words: tuple[str, dict[str, Any]], language: str) -> str:
    name, values = words
    return text(f"patterns.{name}", language, **{key: spelt(one, language) for key, one in values.items()})


def spelt(value: Any, language: str) -> Any:
    """Money, percentages, days and catalogue names (`@name`) as people of the language write them."""
    if isinstance(value, Money):
        return f"{value.currency} {number(_decimal(value.amount), language, 2)}"
    if isinstance(value, Percent):
        return f"{number(_decimal(100 * value.share), language, value.places)} %".replace(" %", "\u00a0%")
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, str) and value.startswith("@"):
        return text(f"patterns.{value[1:]}", language)
    if isinstance(value, list):
        return ", ".join(str(spelt(one, language)) for one in value)
    if isinstance(value, float | np.floating):
        return number(_decimal(float(value)), language, 1)
    return value


def _decimal(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
