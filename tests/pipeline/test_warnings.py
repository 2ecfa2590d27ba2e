"""Warnings: kept by code, told in the reader's language now and later; what an older finlake kept as text still shows."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from finlake.ledger import SqliteLedger
from pipeline.cli import main
from tests.pipeline import tiny
from tests.pipeline.ingesting import ingest

ODD = [
    tiny.line("1"),
    tiny.line("2", currency="BRL", period="2026-02-01T00:00:00.000Z"),
    tiny.line("3", "Novelty", **{"reservation/EffectiveCost": "n/a"}),
]
CODES = ["amounts_unread", "several_currencies", "lines_of_another_month", "line_types_unknown"]
TOLD = {
    "en": ("1 cell of reservation_effective_cost holds text", "1 line names 2026-02", "doesn't know yet"),
    "pt-BR": ("1 célula de reservation_effective_cost contém", "1 linha indica 2026-02", "ainda não conhece"),
}


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a command prints in a language."""

    def say(language: str, *arguments: Any) -> str:
        monkeypatch.setenv("FINLAKE_LANGUAGE", language)
        main([*map(str, arguments)])
        return " ".join(capsys.readouterr().out.split())

    return say


@pytest.mark.parametrize("language", TOLD)
def test_a_run_warns_in_the_language_of_the_settings(language: str, say: Any, tmp_path: Path) -> None:
    manifest = tiny.cur1_csv(tmp_path / "b", ODD, "v1")
    said = say(language, "ingest", "--lake", tmp_path / "lake", "--source", tmp_path / "b")
    assert all(words in said for words in TOLD[language]), said
    assert f"2026-03 {manifest}: " in said
    other = next(name for name in TOLD if name != language)
    assert not any(words in said for words in TOLD[other])


def test_what_was_kept_is_told_later_in_either_language_with_its_code(say: Any, tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", ODD, "v1")
    ingest(tmp_path / "lake", tmp_path / "b")
    for language, words in TOLD.items():
        said = say(language, "status", "--lake", tmp_path / "lake")
        assert all(word in said for word in words), said
    said = json.loads(say("pt-BR", "status", "--lake", tmp_path / "lake", "--json"))
    for warnings in (said["runs"][0]["warnings"], said["deliveries"][0]["warnings"]):
        assert [warning["code"] for warning in warnings] == CODES
        assert warnings[3]["values"] == {"types": ["Novelty"]}
        assert warnings[3]["what"].startswith("line item types"), "JSON keeps the English words"


def test_a_delivery_that_is_held_says_why_in_either_language(say: Any, tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1")], "v1")
    ingest(tmp_path / "lake", tmp_path / "b")
    tiny.cur1_csv(tmp_path / "b", [], "v2", columns=sorted(tiny.line()))
    said = say("pt-BR", "ingest", "--lake", tmp_path / "lake", "--source", tmp_path / "b")
    assert said.count("nenhuma linha, e o mês tinha linhas") == 1 and "a seguir: nada" in said
    for language, words in (("en", "has a header but no line"), ("pt-BR", "tem cabeçalho mas nenhuma linha")):
        assert words in say(language, "status", "--lake", tmp_path / "lake").partition("2026-03 cur")[2]


def test_what_an_older_finlake_kept_as_text_still_shows(say: Any, tmp_path: Path) -> None:
    """Reports of format 1, a ledger's warnings as lines, and a held delivery whose reason is all that is known."""
    lake = tmp_path / "lake"
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1")], "v1")
    ingest(lake, tmp_path / "b")
    [report] = (lake / "reports").glob("*.json")
    old = json.loads(report.read_text()) | {"format": 1, "warnings": ["2026-03 m: something odd"]}
    report.write_text(json.dumps(old))
    with closing(SqliteLedger(lake / "state" / "ledger.sqlite")) as ledger:
        [record] = ledger.deliveries()
        ledger.put(record.with_state("held", reason="an old reason", warnings=["something odd"]))
    for language in TOLD:
        said = say(language, "status", "--lake", lake)
        assert "2026-03 m: something odd" in said and "an old reason" in said
    said = json.loads(say("en", "status", "--lake", lake, "--json"))
    assert said["runs"][0]["warnings"] == ["2026-03 m: something odd"]


def test_of_many_warnings_the_first_are_shown(say: Any, tmp_path: Path) -> None:
    months = [f"2025-{month:02}" for month in range(1, 10)]
    lines = [tiny.line("1", period=f"{month}-01T00:00:00.000Z") for month in months]
    tiny.cur1_csv(tmp_path / "b", lines, "v1")
    ingest(tmp_path / "lake", tmp_path / "b")
    said = say("pt-BR", "status", "--lake", tmp_path / "lake")
    assert "A última execução (ingest) deu 9 avisos:" in said and "e mais 4:" in said
    assert [month in said for month in months] == [True] * 5 + [False] * 4


def test_whose_figures_count_is_told_in_either_language(say: Any, tmp_path: Path) -> None:
    lake = ("--lake", tmp_path / "lake")
    member = "900100000012"
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1")], "v1", account=member, name="members")
    ingest(tmp_path / "lake", tmp_path / "b")
    assert "a exportação de uma conta membro" in say("pt-BR", "authority", "list", *lake)
    assert "a member account's export" in say("en", "authority", "list", *lake)
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1")], "v1", name="own")
    said = say("pt-BR", "ingest", *lake, "--source", tmp_path / "b")
    assert "vale a exportação de uma conta membro" in said and "a seguir: finlake authority set" in said
    export = said.partition("2026-03 cur1-")[2].partition(" ")[0]
    say("en", "authority", "set", tiny.PAYER, "2026-03", f"cur1-{export}", "--reason", "porque sim", *lake)
    assert "definido por comando: porque sim" in say("pt-BR", "authority", "list", *lake)
