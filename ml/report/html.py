"""Parts of the page: tables, figures with caption and table, sections, and the style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ml.report.words import Words

STYLE = """
:root{color-scheme:light dark;
--paper:#fff;--ink:#1b2430;--soft:#55606e;--rule:#d8dee6;--card:#f5f7fa;--past:#3b4654;--ahead:#0b62c4;
--b50:#0b62c466;--b80:#0b62c43d;--b95:#0b62c41f;--alarm:#b3261e;--stripe:#b3261e26;--good:#1a6e37;--bad:#a1260d;--c1:#9a5b00;
--c2:#1a6e37;--c3:#7a3e9d;--c4:#8a6d00}
@media(prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e8edf3;--soft:#a3aebb;--rule:#333c47;--card:#1b2129;--past:#c3ccd6;
--ahead:#6fb1ff;--b50:#6fb1ff66;--b80:#6fb1ff3d;--b95:#6fb1ff24;--alarm:#ff8a80;--stripe:#ff8a8033;--good:#7fd69a;--bad:#ff9d8a;
--c1:#f0b35a;--c2:#7fd69a;--c3:#cfa3ea;--c4:#d9cf6a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header,main,footer{max-width:960px;margin:0 auto;padding:16px 24px}
header{border-bottom:3px solid var(--ahead)}
h1{font-size:1.8rem;margin:.4em 0 .2em}h2{font-size:1.35rem;margin:2.2em 0 .4em;padding-top:.6em;border-top:1px solid var(--rule)}
h3{font-size:1.05rem;margin:1.6em 0 .3em}
p{max-width:72ch}a{color:var(--ahead)}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--paper);padding:4px 8px}
nav ul{display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;list-style:none;margin:.6em 0}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:.6em 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
figure{margin:1em 0;padding:12px;background:var(--card);border-radius:8px}
figcaption{color:var(--soft);font-size:.92rem;margin-top:4px}
.chart{overflow-x:auto}.chart svg{display:block;width:100%;min-width:560px;height:auto}
.scroll{overflow-x:auto}
.scroll:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--ahead);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:4px 0}
th,td{padding:5px 10px;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
thead th{border-bottom:2px solid var(--rule);vertical-align:bottom}
.n{text-align:right}td.n,.w{white-space:nowrap}
details{margin:.4em 0}summary{cursor:pointer;color:var(--ahead)}
.missing{background:var(--card);border-left:4px solid var(--soft);padding:8px 12px;border-radius:4px}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
.key{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:.9rem;color:var(--soft);margin:0 0 6px;padding:0;list-style:none}
.key svg{display:inline-block;width:26px;height:12px;vertical-align:middle;margin-right:6px}
.tick{fill:var(--soft);font-size:12px}.label{fill:var(--ink);font-size:13px;font-weight:600}
.grid{stroke:var(--rule);fill:none}.axis{stroke:var(--soft);fill:none}
.past{fill:none;stroke:var(--past);stroke-width:1.4}.ahead{fill:none;stroke:var(--ahead);stroke-width:2.2;stroke-dasharray:6 3}
.solid{stroke-dasharray:none;stroke-width:1.6}.dot{stroke:none}.past.dot{fill:var(--past)}.ahead.dot{fill:var(--ahead)}
.b50{fill:var(--b50)}.b80{fill:var(--b80)}.b95{fill:var(--b95)}.bar{fill:var(--soft)}.stripe{fill:var(--stripe)}
.alarm{fill:var(--alarm);stroke:var(--paper)}.guide{fill:none;stroke:var(--soft);stroke-dasharray:3 4}
.series{fill:none;stroke-width:2}.c0{stroke:var(--ahead)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}
.mark.c0{fill:var(--ahead)}.mark.c1{fill:var(--c1)}.mark.c2{fill:var(--c2)}.mark.c3{fill:var(--c3)}.mark.c4{fill:var(--c4)}
@media print{nav,.skip{display:none}h2{break-after:avoid}figure{break-inside:avoid}}
"""


def table(caption: str, heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """A table; `heads` are (words, class of the column: `n` for numbers, `w` for what doesn't wrap). Cells are HTML already."""
    tops = "".join(f'<th scope="col"{_class(kind)}>{words}</th>' for words, kind in heads)
    lines = []
    for row in rows:
        first, *others = row
        cells = "".join(
            f"<td{_class(kind)}>{cell}</td>" for cell, (_, kind) in zip(others, heads[1:], strict=True)
        )
        lines.append(f'<tr><th scope="row"{_class(heads[0][1])}>{first}</th>{cells}</tr>')
    body = f"<caption>{caption}</caption><thead><tr>{tops}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table>{body}</table></div>'
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def folded(words: str, inside: str) -> str:
    """What is shown on demand."""
    return f"<details><summary>{words}</summary>{inside}</details>"


def figure(drawing: str, caption: str, key: Sequence[tuple[str, str]] = (), data: str = "") -> str:
    """A chart with its legend (`key`: class, words), caption, and its figures as a table on demand."""
    keys = "".join(f"<li>{_swatch(style)}{words}</li>" for style, words in key)
    legend = f'<ul class="key">{keys}</ul>' if keys else ""
    return (
        f'<figure>{legend}<div class="chart" tabindex="0">{drawing}</div>'
        + f"<figcaption>{caption}</figcaption>{data}</figure>"
    )


def _swatch(style: str) -> str:
    if style.startswith("band") or style in ("bar", "stripe"):
        inside = f'<rect class="{style}" width="26" height="12"/>'
    elif style.startswith("mark"):
        inside = f'<path class="{style}" d="M13 0l6 11h-12z"/>'
    else:
        inside = f'<path class="{style}" d="M0 6h26"/>'
    return f'<svg viewBox="0 0 26 12" aria-hidden="true">{inside}</svg>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and what they are."""
    return f'<dl class="facts">{"".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs)}</dl>'


def missing(words: Words, why: str) -> str:
    """A part that is not there says so."""
    return f'<p class="missing">{words(why)}</p>'


def section(name: str, title: str, inside: str) -> str:
    """A part of the page that the table of contents links to."""
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>{inside}</section>'
