"""Parts of the page about what happened and what is there: anomalies, decomposition, patterns and suggestions, growth."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import pandas as pd

from ml.report import charts, measures
from ml.report.html import figure, folded, missing, table
from ml.report.results import Results, there
from ml.report.words import Words

MOST_CHARTS = 6
MOST_ROWS = 40


def anomalies(results: Results, words: Words) -> str:
    """The largest anomalies as a table, and marked on the daily cost of their account's service."""
    found = results.anomalies
    if found is None:
        return missing(words, "no_anomalies_run")
    if found.empty:
        return f"<p>{words('no_anomalies')}</p>"
    found = found.assign(
        started_at=_days(found.started_at),
        ended_at=_days(found.ended_at),
        size=found.impact.astype(float).abs(),
    )
    found = found.sort_values(["size", "anomaly_id"], ascending=[False, True], na_position="last")
    return _on_series(found, results, words) + _anomaly_table(found, words)


def _days(values: pd.Series) -> pd.Series:
    days = pd.to_datetime(values)
    return days.dt.tz_convert("UTC").dt.tz_localize(None) if days.dt.tz is not None else days


def _on_series(found: pd.DataFrame, results: Results, words: Words) -> str:
    history = results.history
    if not there(history) or history is None:
        return missing(words, "no_history")
    figures: list[str] = []
    drawn = 0
    for (account, service), part in found[found["size"] > 0].groupby(["account_id", "service"], sort=False):
        rows = history[(history.level == "account_service") & _is_series(history.series_id, account, service)]
        if rows.empty or len(figures) >= MOST_CHARTS:
            continue
        past = rows.assign(ds=pd.to_datetime(rows.ds), cost=rows.cost.astype(float))
        past = past.groupby("ds", as_index=False).cost.sum()
        place = f"{service} ({account})"
        title = words.raw("title_anomalies", place=place)
        drawing = charts.anomalies(f"anomaly-{len(figures)}", title, past, part, words)
        key = [
            ("past", words("key_past")),
            ("mark alarm", words("key_alarm")),
            ("stripe", words("key_stripe")),
        ]
        figures.append(figure(drawing, words("caption_anomalies", place=place, count=len(part)), key))
        drawn += len(part)
    if not figures:
        return missing(words, "no_series_of_anomalies")
    rest = len(found) - drawn
    return "".join(figures) + (f"<p>{words('not_drawn', count=rest)}</p>" if rest else "")


def _is_series(names: pd.Series, account: Any, service: Any) -> pd.Series:
    """Does a series' name hold the account and the service (`account=1/service=ec2`)?"""
    wanted = [{f"account={account}", str(account)}, {f"service={service}", str(service)}]
    parts = {name: set(str(name).replace("|", "/").split("/")) for name in names.unique()}
    return names.isin([name for name, has in parts.items() if all(has & one for one in wanted)])


def _anomaly_table(found: pd.DataFrame, words: Words) -> str:
    told = "sentence_pt_br" if words.language == "pt-BR" else "sentence_en"
    heads = [(words("started"), "w"), (words("kind"), ""), (words("severity"), "")]
    heads += [
        (words("expected"), "n"),
        (words("actual_cost"), "n"),
        (words("impact"), "n"),
        (words("in_words"), ""),
    ]
    lines = []
    for row in found.head(MOST_ROWS).itertuples():
        status = getattr(row, "status", None)
        gone = f" ({words('withdrawn')})" if status == "withdrawn" else ""
        money = [
            words.money(one, str(row.currency)) for one in (row.expected_cost, row.actual_cost, row.impact)
        ]
        kind = words.known("kind", row.kind) + gone
        said = getattr(row, told)
        sentence = "–" if said is None or pd.isna(said) else escape(str(said))
        lines.append(
            [words.day(row.started_at), kind, words.known("severity", row.severity), *money, sentence]
        )
    more = len(found) - len(lines)
    after = f"<p>{words('more_rows', count=more)}</p>" if more > 0 else ""
    return table(words("table_anomalies"), heads, lines) + after


def decomposition(results: Results, words: Words) -> str:
    """Trend, season and remainder of the biggest series."""
    parts = measures.decomposition(results)
    if parts is None or parts.empty:
        return missing(words, "no_decomposition")
    parts = parts.assign(ds=pd.to_datetime(parts.ds))
    drawing = charts.decomposition("decomposition", words.raw("title_decomposition"), parts, words)
    names = ["observed", "trend", "season", "remainder"]
    heads = [(words("month"), "w"), *((words(f"part_{name}"), "n") for name in names)]
    monthly = parts.groupby(parts.ds.dt.to_period("M"))[names].mean()
    lines = [[str(month), *(words.money(row[name]) for name in names)] for month, row in monthly.iterrows()]
    data = folded(words("show_table"), table(words("table_decomposition"), heads, lines))
    return figure(drawing, words("caption_decomposition"), data=data)


def patterns(results: Results, words: Words) -> str:
    """Suggestions with their saving and its basis, then the patterns by kind."""
    rows = results.patterns
    if not there(rows) or rows is None:
        return missing(words, "no_patterns")
    advised = rows[rows.suggestion.notna()].assign(saving=lambda one: one.monthly_saving.astype(float))
    advised = advised.sort_values(
        ["saving", "suggestion", "pattern_id"], ascending=[False, True, True], na_position="last"
    )
    parts = [f"<h3>{words('suggestions')}</h3><p>{words('suggestions_intro')}</p>"]
    parts.append(_suggestions(advised, words) if len(advised) else f"<p>{words('no_suggestions')}</p>")
    parts.append(f"<h3>{words('patterns')}</h3>")
    parts.append(_grid(rows, words))
    for kind, part in rows[rows.suggestion.isna()].groupby("pattern", sort=True):
        parts.append(_of_kind(str(kind), part, words))
    return "".join(parts)


def _said(row: Any, words: Words) -> str:
    return escape(str(row.sentence_pt_br if words.language == "pt-BR" else row.sentence_en))


def _suggestions(rows: pd.DataFrame, words: Words) -> str:
    heads = [
        (words("suggestion"), ""),
        (words("monthly_saving"), "n"),
        (words("in_words"), ""),
    ]
    lines = []
    for row in rows.head(MOST_ROWS).itertuples():
        saving = words("no_figure")
        if not pd.isna(row.monthly_saving):
            ends = f"{words.money(row.monthly_saving_lower)} … {words.money(row.monthly_saving_upper)}"
            saving = f"{words.money(row.monthly_saving, str(row.currency))}<br>{ends}"
        lines.append([words.known("suggestion", row.suggestion), saving, _said(row, words)])
    more = len(rows) - len(lines)
    after = f"<p>{words('more_rows', count=more)}</p>" if more > 0 else ""
    return table(words("table_suggestions"), heads, lines) + after


def _grid(rows: pd.DataFrame, words: Words) -> str:
    """The whole bill's weekly grid as bars, one chart per currency."""
    whole = rows[(rows.scope == "organisation") & (rows.pattern == "weekly_grid") & rows.suggestion.isna()]
    drawn = []
    for row in whole.itertuples():
        profile = json.loads(row.details)["profile"]
        title = words.raw("title_weekdays", currency=str(row.currency))
        drawing = charts.weekdays(f"weekdays-{row.currency}", title, profile, words)
        drawn.append(figure(drawing, words("caption_weekdays", currency=str(row.currency))))
    return "".join(drawn)


def _of_kind(kind: str, rows: pd.DataFrame, words: Words) -> str:
    rows = rows.sort_values(["strength", "pattern_id"], ascending=[False, True])
    heads = [(words("in_words"), ""), (words("strength"), "n"), (words("seen"), "w")]
    lines = [
        [
            _said(row, words),
            words.number(row.strength, 2),
            f"{words.day(row.first_day)} … {words.day(row.last_day)}",
        ]
        for row in rows.head(MOST_ROWS).itertuples()
    ]
    more = len(rows) - len(lines)
    after = f"<p>{words('more_rows', count=more)}</p>" if more > 0 else ""
    name = words.known("pattern", kind)
    return folded(f"{name} ({words.number(len(rows))})", table(name, heads, lines) + after)


def growth(results: Results, words: Words) -> str:
    """Delivered and predicted used amounts of each kind and unit."""
    rows = results.growth
    if not there(rows) or rows is None:
        return missing(words, "no_growth")
    figures: list[str] = []
    for (kind, unit), part in rows.groupby(["kind", "unit"], sort=False):
        part = part.assign(month=pd.to_datetime(part.month)).sort_values("month")
        title = f"{words.raw('usage_kind_' + str(kind))} ({unit})"
        if (part.method == "too_short").all() or part.usage.notna().sum() < 2:
            figures.append(f"<h3>{escape(title)}</h3>{missing(words, 'growth_too_short')}")
            continue
        drawing = charts.growth(f"growth-{len(figures)}", title, part, words)
        heads = [
            (words("month"), "w"),
            (words("used", unit=str(unit)), "n"),
            (words("interval", level=80), "n"),
        ]
        heads += [(words("monthly_growth"), "n"), (words("method"), "")]
        data = folded(
            words("show_table"),
            table(escape(title), heads, [_month(one, words) for one in part.itertuples()]),
        )
        key = [
            ("bar", words("key_delivered")),
            ("ahead", words("key_ahead")),
            ("band b80", words("key_band", level=80)),
        ]
        caption = words("caption_growth", kind=words.raw(f"usage_kind_{kind}"), unit=str(unit))
        figures.append(f"<h3>{escape(title)}</h3>{figure(drawing, caption, key, data)}")
    return "".join(figures)


def _month(row: Any, words: Words) -> list[str]:
    interval = (
        "–" if pd.isna(row.lower_80) else f"{words.number(row.lower_80)} … {words.number(row.upper_80)}"
    )
    growth = words.percent(row.monthly_growth)
    return [
        words.month(row.month),
        words.number(row.usage),
        interval,
        growth,
        words.known("method", row.method),
    ]
