"""The page of insights: one HTML file without network, script or fonts of others, in English or Brazilian Portuguese."""

from __future__ import annotations

from html import escape

from ml.report import forecast_part, insight_part
from ml.report.html import STYLE, facts, missing, section
from ml.report.results import BASELINES, Results
from ml.report.words import Words, facts_text

__all__ = ["BASELINES", "Results", "page"]

PARTS = (
    ("forecast", forecast_part.forecast),
    ("backtest", forecast_part.backtest),
    ("calibration", forecast_part.calibration),
    ("anomalies", insight_part.anomalies),
    ("decomposition", insight_part.decomposition),
    ("patterns", insight_part.patterns),
    ("growth", insight_part.growth),
)
LIMITS = ("late", "intervals", "breaks", "suggestions", "causes", "sample")
FIRST_VERSIONS = ("origin_date", "build_id", "config_hash", "model_version", "seeds")


def page(results: Results, language: str) -> str:
    """The whole page as HTML in `en` or `pt-BR`. A part whose frame is missing says so. Same results, same text."""
    words = Words(language)
    parts = [(name, words(f"part_of_{name}"), draw(results, words)) for name, draw in PARTS]
    parts += [
        ("model", words("part_of_model"), _model(results, words)),
        ("limits", words("part_of_limits"), _limits(words)),
    ]
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title, _ in parts)
    body = "".join(section(name, title, inside) for name, title, inside in parts)
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{words('title')}</title><style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#content">{words("skip")}</a>'
        f"<header><h1>{words('title')}</h1><p>{words('intro')}</p>{_versions(results, words)}"
        f'<nav aria-label="{words("contents")}"><ul>{links}</ul></nav></header>'
        f'<main id="content">{body}</main><footer><p>{words("footer")}</p></footer></body></html>\n'
    )


def _versions(results: Results, words: Words) -> str:
    """Data version, configuration hash and seeds; one that was not handed over is told as unknown."""
    known = results.versions
    names = [*FIRST_VERSIONS, *(name for name in known if name not in FIRST_VERSIONS)]
    told = [(words.known("version", name), known.get(name)) for name in names]
    return facts(
        (name, words("unknown") if value is None else escape(facts_text(value))) for name, value in told
    )


def _model(results: Results, words: Words) -> str:
    if not results.model_card:
        return missing(words, "no_model_card")
    card = results.model_card.items()
    return facts((words.known("card", name), escape(facts_text(value))) for name, value in card)


def _limits(words: Words) -> str:
    told = "".join(f"<li>{words('limit_' + name)}</li>" for name in LIMITS)
    return f"<ul>{told}</ul>"
