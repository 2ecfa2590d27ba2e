"""The summary of `finlake demo`: exact differences, no sum over currencies, both languages."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from finlake.errors import ExitCode
from finlake.messages import catalogue
from pipeline.commands.demo import exit_code, payload
from pipeline.console import to_json
from pipeline.demo_report import PeriodProof, Published, currency_totals, period_proofs, published_query
from pipeline.demo_view import Summary, Timed, show_summary

PUBLISHED = Published(
    "b20261123T120000Z-abc123", "2026-11-23T12:00:00+00:00", Path("/lake/warehouse/x.duckdb")
)


def proof(currency: str = "USD", difference: str = "0", **changes: object) -> PeriodProof:
    amount = Decimal("1234567.891234567890")
    base = PeriodProof(
        "2026-10", "900300000001", currency, amount, amount + Decimal(difference), Decimal(difference),
        4200, Decimal(difference) == 0, 2, 0,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def summary(*proofs: PeriodProof, **changes: object) -> Summary:
    base = Summary(
        nothing_new=False, refused=False, synthetic=True, lake="/lake", proofs=list(proofs),
        totals=currency_totals(list(proofs)), published=PUBLISHED,
        times=[Timed("billing_ingest.ingest", 12.34, "success")],
        next_commands=[("finlake status --lake lake", "deliveries")],
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def shown(of: Summary, language: str = "en", width: int = 160) -> str:
    out = io.StringIO()
    show_summary(Console(file=out, width=width, highlight=False), of, language)
    return out.getvalue()


def test_currencies_are_never_summed() -> None:
    totals = currency_totals([proof("USD"), proof("BRL"), proof("USD", billing_period="2026-09")])
    assert [(total.currency, total.periods, total.line_count) for total in totals] == [
        ("BRL", 1, 4200),
        ("USD", 2, 8400),
    ]


def test_a_difference_in_the_last_decimal_is_shown_and_fails() -> None:
    off = summary(proof(difference="0.000000000001"))
    assert "0.000000000001" in shown(off)
    assert "NOT reconciled" in shown(off)
    assert exit_code(off) == ExitCode.AUDIT_FAILED


def test_exactly_zero_is_shown_as_0_and_ends_well() -> None:
    good = summary(proof())
    line = next(line for line in shown(good).splitlines() if "2026-10" in line)
    assert line.split()[-3:] == ["1,234,567.89", "1,234,567.89", "0"]
    assert exit_code(good) == ExitCode.OK


def test_an_empty_or_missing_proof_is_not_a_success() -> None:
    assert exit_code(summary()) == ExitCode.AUDIT_FAILED
    missing = summary(proof(at_source=None, difference="0", is_reconciled=False))
    assert "?" in shown(missing)
    assert exit_code(missing) == ExitCode.AUDIT_FAILED


def test_a_quarantined_delivery_is_told_and_has_its_exit_code() -> None:
    refused = summary(proof(), refused=True)
    assert "quarantine" in shown(refused)
    assert exit_code(refused) == ExitCode.DELIVERY_REFUSED


def test_it_counts_deliveries_periods_and_lines_and_fits_a_small_terminal() -> None:
    text = shown(summary(proof("USD"), proof("BRL", payer_id="900400000001")), width=80)
    assert "4 deliveries, 2 billing periods, 8,400 lines" in text
    assert "…" not in text


def test_nothing_new_says_so() -> None:
    assert "Nothing new: nothing was changed" in shown(summary(proof(), nothing_new=True))


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_it_says_what_was_published_where_and_that_the_data_is_synthetic(language: str) -> None:
    text = shown(summary(proof()), language)
    assert PUBLISHED.build_id in text and str(PUBLISHED.file) in text and "2026-11-23T12:00:00" in text
    assert ("synthetic" if language == "en" else "sintéticos") in text
    assert ("1,234,567.89" if language == "en" else "1.234.567,89") in text


def test_every_message_exists_in_both_languages() -> None:
    mine = {key: entry for key, entry in catalogue().items() if key.startswith("demo.")}
    assert mine and all(set(entry) == {"en", "pt-BR"} for entry in mine.values())


def test_json_has_amounts_as_decimal_strings() -> None:
    assert '"at_source": "1234567.891234567890"' in to_json(payload(summary(proof())))


def test_the_summary_reads_the_published_marts(tmp_path: Path) -> None:
    file = tmp_path / "build.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("create schema marts; set schema = 'marts'")
        con.execute(
            "create table reconciliation as select * from (values "
            "('2026-10', '9003', 'USD', 'unblended_cost', 1.5::decimal(38,12), "
            "1.5::decimal(38,12), 0::decimal(38,12), true), "
            "('2026-10', '9003', 'USD', 'line_count', 7::decimal(38,12), 7::decimal(38,12), "
            "0::decimal(38,12), "
            " true)) t(billing_period, payer_id, currency, measure, source_total, cost_monthly_total, "
            "cost_monthly_difference, is_reconciled)"
        )
        con.execute(
            "create table freshness as select '2026-10' as billing_period, '9003' as payer_id, "
            "'USD' as currency, 3 as delivery_count, 1 as refused_count"
        )
    found = period_proofs(published_query(replace(PUBLISHED, file=file)))
    zero, cost = Decimal("0E-12"), Decimal("1.500000000000")
    assert found == [PeriodProof("2026-10", "9003", "USD", cost, cost, zero, 7, True, 3, 1)]
