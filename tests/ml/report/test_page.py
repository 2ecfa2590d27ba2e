"""The page shows every part in both languages, says what is missing, loads nothing, and reads well without seeing it."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from decimal import Decimal
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest

from finlake.messages import catalogue
from ml.report import Results, page
from tests.ml.report.made import anomalies, backtest, everything, forecasts

LANGUAGES = ("en", "pt-BR")
PARTS = [
    "forecast",
    "backtest",
    "calibration",
    "anomalies",
    "decomposition",
    "patterns",
    "growth",
    "model",
    "limits",
]
VOID = {"meta", "br", "link", "img", "hr"}


class Reader(HTMLParser):
    """The page's ids, texts and whether its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


def text_of(html: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_parts_are_there_and_well_formed(language: str) -> None:
    html = page(everything(), language)
    reader = read(html)
    assert len(reader.ids) == len(set(reader.ids)), "an id stands once"
    assert all(name in reader.ids for name in PARTS)
    links = [value["href"] for tag, value in reader.attributes if tag == "a"]
    assert {f"#{name}" for name in PARTS} <= set(links)
    assert all(link is not None and link[1:] in reader.ids for link in links)
    assert 'class="missing"' not in html
    said = text_of(html)
    assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b|[{}]", said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_and_nothing_runs(language: str) -> None:
    html = page(everything(), language)
    assert not re.search(r"https?://|<script|<link|<img|@import|url\(|\son\w+=", html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_is_told_in_words(language: str) -> None:
    html = page(everything(), language)
    drawings = re.findall(r'<svg viewBox="[^"]*" role="img".*?</svg>', html, flags=re.S)
    assert len(drawings) >= 10
    for drawing in drawings:
        tree = ElementTree.fromstring(drawing)
        title, told = tree.find("title"), tree.find("desc")
        assert title is not None and title.text and told is not None and told.text
        assert tree.attrib["aria-labelledby"] == f"{title.attrib['id']} {told.attrib['id']}"
    figures = re.findall(r"<figure>.*?</figure>", html, flags=re.S)
    assert all("<figcaption>" in one for one in figures)
    assert html.count("<caption>") == html.count("<table>")


def test_the_header_names_what_made_it() -> None:
    said = text_of(page(everything(), "en"))
    for value in everything().versions.values():
        assert str(value[0] if isinstance(value, list) else value) in said
    assert "not given" in text_of(page(replace(everything(), versions={"build_id": "b1"}), "en"))


def test_an_empty_page_says_what_is_missing_part_by_part() -> None:
    for language in LANGUAGES:
        html = page(Results(), language)
        read(html)
        assert html.count('class="missing"') == 8
    said = text_of(page(Results(), "en"))
    assert "how accurate the forecast is, is not known" in said
    assert "Anomalies were not looked for" in said


@pytest.mark.parametrize("part", [one.name for one in fields(Results)])
def test_each_part_can_be_missing_alone(part: str) -> None:
    without: dict[str, object] = {part: {} if part in ("model_card", "versions") else None}
    for language in LANGUAGES:
        read(page(replace(everything(), **without), language))


@pytest.mark.parametrize(
    "part", ["forecasts", "history", "backtest", "anomalies", "patterns", "growth", "accuracy"]
)
def test_an_empty_frame_is_as_good_as_none(part: str) -> None:
    empty = getattr(everything(), part).iloc[:0]
    read(page(replace(everything(), **{part: empty}), "en"))


def test_looked_for_and_not_found_is_not_the_same_as_not_looked_for() -> None:
    nothing = replace(everything(), anomalies=anomalies().iloc[:0])
    assert "none was found" in text_of(page(nothing, "en"))


def test_what_came_from_the_bill_is_escaped() -> None:
    html = page(everything(), "en")
    assert "&lt;USD 100&gt;" in html and "<USD" not in html
    found = anomalies().assign(service="<script>alert(1)</script>")
    hostile = replace(everything(), anomalies=found, model_card={"<b>": "<i>"}, versions={"build_id": "<u>"})
    html = page(hostile, "pt-BR")
    assert not re.search(r"<script|<b>|<i>|<u>", html)


def test_a_missed_target_is_shown_as_measured() -> None:
    html = page(everything(), "en")
    assert re.search(r'<span class="bad">84\.0\u00a0%\u00a0<span role="img" aria-label="target missed"', html)
    assert "seasonal naive (baseline)" in html
    assert "84,0" in page(everything(), "pt-BR")


def test_accuracy_and_coverage_come_from_the_backtest_where_nobody_gave_them() -> None:
    rows = backtest()
    part = rows[(rows.model == "ensemble") & (rows.horizon <= 7)]
    told = 100 * (1 - (part.y - part.y_hat).abs().sum() / part.y.abs().sum())
    html = page(replace(everything(), accuracy=None), "en")
    assert f"{told:.1f}\u00a0%" in html and "up to 7 days" in html
    inside = ((part.y >= part.lower_80) & (part.y <= part.upper_80)).mean()
    assert f"{100 * inside:.1f}\u00a0%" in html


def test_an_anomaly_lies_on_its_series_and_one_without_is_told() -> None:
    said = text_of(page(everything(), "en"))
    assert "ec2 (111111111111): daily cost with 1 anomaly." in said
    assert "1 anomaly isn&#x27;t drawn" in said or "1 anomaly isn't drawn" in said


def test_two_currencies_have_a_chart_each() -> None:
    both = pd.concat([forecasts(), forecasts("BRL").assign(series_id="organisation-brl")])
    html = page(replace(everything(), forecasts=both), "en")
    read(html)
    assert "Daily cost in USD" in html and "Daily cost in BRL" in html


def test_the_same_results_make_the_same_page() -> None:
    assert page(everything(), "en") == page(everything(), "en")


def test_money_in_decimals_and_times_with_a_zone_are_taken() -> None:
    rows = forecasts()
    rows["cost"] = [Decimal(str(one)) for one in rows.cost]
    found = anomalies()
    found["impact"] = [Decimal(str(one)) for one in found.impact]
    found["started_at"] = found.started_at.dt.tz_localize("UTC")
    found["ended_at"] = found.ended_at.dt.tz_localize("UTC")
    read(page(replace(everything(), forecasts=rows, anomalies=found), "en"))


def test_all_words_are_there_in_both_languages() -> None:
    names = [name for name in catalogue() if name.startswith(("insights.", "patterns."))]
    assert names
    for name in names:
        assert set(catalogue()[name]) == set(LANGUAGES), name
