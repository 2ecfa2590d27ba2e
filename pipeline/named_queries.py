"""The questions that analysts ask first, as named queries: models/queries/<name>.sql, in SQL that DuckDB and Athena both know.

A file begins with its question in English and in Portuguese, one comment line each. `${gold}` and `${silver}` stand for the
databases: Glue's on Athena; here marts go by their bare names and silver's tables by `silver.`
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from finlake.errors import NotFound
from finlake.paths import CONTRACTS_DIR

FOLDER = CONTRACTS_DIR / "queries"


@dataclass(frozen=True)
class NamedQuery:
    """A query, and its question by language."""

    name: str
    question: dict[str, str]
    text: str

    def sql(self, gold: str, silver: str) -> str:
        """Its SQL with `gold` and `silver` written before the tables' names."""
        return Template(
            self.text.replace("${gold}.", "${gold}").replace("${silver}.", "${silver}")
        ).substitute(gold=gold, silver=silver)


@cache
def named_queries(folder: Path = FOLDER) -> dict[str, NamedQuery]:
    """All named queries by name."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.sql"))}


def named_query(name: str) -> NamedQuery:
    """One named query. Raises NotFound."""
    known = named_queries()
    if name not in known:
        raise NotFound.of("named_query_missing", where=name, names=", ".join(known))
    return known[name]


def _read(path: Path) -> NamedQuery:
    english, portuguese, text = path.read_text(encoding="utf-8").split("\n", 2)
    question = {"en": english.removeprefix("-- "), "pt-BR": portuguese.removeprefix("-- ")}
    return NamedQuery(path.stem, question, text)
