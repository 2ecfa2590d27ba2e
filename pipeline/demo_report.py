"""What the summary of `finlake demo` says, read from the published marts `reconciliation` and `freshness`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from finlake.engines.duckdb import connect
from finlake.lake import Lake
from finlake.warehouse import Warehouse

Query = Callable[[str], list[dict[str, Any]]]
"""Runs one read-only SQL statement on the published marts."""

PERIODS_SQL = """
with proof as (
    select
        billing_period, payer_id, currency,
        max(source_total) filter (where measure = 'unblended_cost') as at_source,
        max(cost_monthly_total) filter (where measure = 'unblended_cost') as published,
        max(cost_monthly_difference) filter (where measure = 'unblended_cost') as difference,
        cast(max(source_total) filter (where measure = 'line_count') as bigint) as line_count,
        bool_and(is_reconciled) as is_reconciled
    from reconciliation
    group by billing_period, payer_id, currency
)
select proof.*, freshness.delivery_count, freshness.refused_count
from proof
left join freshness using (billing_period, payer_id, currency)
order by payer_id, currency, billing_period
"""


@dataclass(frozen=True)
class PeriodProof:
    """One billing period of one payer in one currency: its total at source and in the published marts.

    Amounts are unblended cost; `is_reconciled` is about every measure and every mart.
    """

    billing_period: str
    payer_id: str
    currency: str
    at_source: Decimal | None
    published: Decimal | None
    difference: Decimal | None
    line_count: int | None
    is_reconciled: bool
    delivery_count: int | None
    refused_count: int | None


@dataclass(frozen=True)
class CurrencyTotal:
    """All periods of one currency together. Two currencies are never summed."""

    currency: str
    periods: int
    deliveries: int
    line_count: int
    at_source: Decimal
    published: Decimal
    difference: Decimal


@dataclass(frozen=True)
class Published:
    """The build that readers see, since when (UTC, ISO 8601), and its database file."""

    build_id: str
    published_at: str
    file: Path


def period_proofs(query: Query) -> list[PeriodProof]:
    """Every period of the published marts, by payer, currency and month."""
    return [PeriodProof(**row) for row in query(PERIODS_SQL)]


def currency_totals(proofs: list[PeriodProof]) -> list[CurrencyTotal]:
    """Sums per currency. A missing amount counts as 0: its period already says that it isn't reconciled."""
    groups: dict[str, list[PeriodProof]] = defaultdict(list)
    for proof in proofs:
        groups[proof.currency].append(proof)
    return [_total(currency, group) for currency, group in sorted(groups.items())]


def _total(currency: str, group: list[PeriodProof]) -> CurrencyTotal:
    nothing = Decimal(0)
    return CurrencyTotal(
        currency=currency,
        periods=len(group),
        deliveries=sum(proof.delivery_count or 0 for proof in group),
        line_count=sum(proof.line_count or 0 for proof in group),
        at_source=sum((proof.at_source or nothing for proof in group), nothing),
        published=sum((proof.published or nothing for proof in group), nothing),
        difference=sum((proof.difference or nothing for proof in group), nothing),
    )


def published_build(lake: Lake) -> Published | None:
    """The build that the lake's pointer names, or None while nothing is published."""
    warehouse = Warehouse(lake)
    pointer = warehouse.pointer()
    if pointer is None:
        return None
    return Published(pointer.build_id, pointer.published_at, warehouse.database(pointer.build_id))


def published_query(published: Published) -> Query:
    """Queries on the marts of a build by their bare names."""

    def query(sql: str) -> list[dict[str, Any]]:
        with connect(str(published.file), read_only=True, extensions=()) as connection:
            connection.execute("set schema = 'marts'")
            answer = connection.execute(sql)
            columns = [column[0] for column in answer.description or []]
            return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]

    return query
