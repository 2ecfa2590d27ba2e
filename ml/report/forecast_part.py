"""Parts of the page about forecasts: what is coming, how earlier forecasts came out, whether the intervals hold."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pandas as pd

from ml.report import charts, measures
from ml.report.html import figure, folded, missing, table
from ml.report.results import BASELINES, Results, there
from ml.report.words import Words

BANDS = (50, 80, 95)


def forecast(results: Results, words: Words) -> str:
    """The organisation's daily forecast beside its history, and its months."""
    rows = results.forecasts
    if not there(rows) or rows is None or not (rows.level == "organisation").any():
        return missing(words, "no_forecast")
    parts = []
    whole = rows[rows.level == "organisation"]
    for currency in sorted(whole.currency.dropna().unique()):
        part = whole[whole.currency == currency]
        parts += list(_daily(part[part.grain == "day"], currency, results, words))
        parts.append(_monthly(part[part.grain == "month"], currency, words))
    return "".join(parts)


def _daily(rows: pd.DataFrame, currency: str, results: Results, words: Words) -> Iterator[str]:
    if rows.empty:
        yield missing(words, "no_daily_forecast")
        return
    for series, part in rows.groupby("series_id"):
        ahead = part.sort_values("period_start").assign(period_start=pd.to_datetime(part.period_start))
        for name in ("cost", *(f"{end}_{level}" for level in BANDS for end in ("lower", "upper"))):
            ahead[name] = ahead[name].astype(float)
        title = words.raw("title_forecast", currency=currency)
        drawing = charts.forecast(
            f"forecast-{series}-{currency}", title, _past(series, results), ahead, words
        )
        key = [("past", words("key_past")), ("ahead", words("key_ahead"))]
        key += [(f"band b{level}", words("key_band", level=level)) for level in BANDS]
        caption = words("caption_forecast", currency=currency, days=len(ahead))
        yield figure(drawing, caption, key, folded(words("show_table"), _days_table(ahead, currency, words)))


def _past(series: object, results: Results) -> pd.DataFrame:
    if results.history is None:
        return pd.DataFrame({"ds": pd.DatetimeIndex([]), "cost": pd.Series(dtype=float)})
    history = results.history[
        (results.history.level == "organisation") & (results.history.series_id == series)
    ]
    return history.assign(ds=pd.to_datetime(history.ds), cost=history.cost.astype(float)).sort_values("ds")


def _days_table(ahead: pd.DataFrame, currency: str, words: Words) -> str:
    heads = [(words("day"), "w"), (words("cost_in", currency=currency), "n")]
    heads += [(words("interval", level=level), "n") for level in BANDS]
    rows = [
        [
            words.day(row.period_start),
            words.money(row.cost),
            *(_interval(row, level, words) for level in BANDS),
        ]
        for row in ahead.itertuples()
    ]
    return table(words("table_days"), heads, rows)


def _interval(row: object, level: int, words: Words) -> str:
    low, high = getattr(row, f"lower_{level}"), getattr(row, f"upper_{level}")
    return f"{words.money(low)} … {words.money(high)}"


def _monthly(rows: pd.DataFrame, currency: str, words: Words) -> str:
    if rows.empty:
        return missing(words, "no_monthly_forecast")
    told = "explanation_pt_br" if words.language == "pt-BR" else "explanation_en"
    heads = [(words("month"), "w"), (words("cost_in", currency=currency), "n")]
    heads += [(words("interval", level=80), "n"), (words("why"), "")]
    lines = []
    for row in rows.sort_values("period_start").itertuples():
        why = getattr(row, told, None)
        shown = words("no_explanation") if why is None or pd.isna(why) else escape(str(why))
        lines.append([words.month(row.period_start), words.money(row.cost), _interval(row, 80, words), shown])
    return table(words("table_months", currency=currency), heads, lines)


def backtest(results: Results, words: Words) -> str:
    """Accuracy by level and horizon of every model, baselines beside, against what is wanted; then coverage."""
    rows = measures.accuracy(results)
    if rows is None or rows.empty:
        return missing(words, "no_backtest")
    models = sorted(rows.model.unique(), key=lambda one: (one in BASELINES, one))
    wanted = rows.groupby(["level", "horizon"], sort=False).wanted.max()
    wide = rows.pivot_table(index=["level", "horizon"], columns="model", values="accuracy", sort=False)
    heads = [(words("level"), ""), (words("horizon"), "n"), (words("wanted"), "n")]
    heads += [
        (words.known("model", one) + (words("is_baseline") if one in BASELINES else ""), "n")
        for one in models
    ]
    lines = []
    for (level, horizon), shares in wide.iterrows():
        want = wanted[level, horizon]
        cells = [_share(shares.get(one), want, words, one not in BASELINES) for one in models]
        lines.append([words.known("level", level), _horizon(horizon, words), words.percent(want), *cells])
    origins = (
        results.backtest.origin.nunique()
        if there(results.backtest) and results.backtest is not None
        else None
    )
    told = words("backtest_origins", count=int(origins)) if origins else words("backtest_origins_unknown")
    parts = [
        f"<p>{words('backtest_intro')} {told} {words('marks')}</p>",
        table(words("table_accuracy"), heads, lines),
    ]
    return "".join([*parts, _coverage(results, words)])


def _horizon(value: object, words: Words) -> str:
    if isinstance(value, str) and not value.isdigit():
        return words.known("horizon", value)
    return "–" if pd.isna(value) else words("up_to_days", count=int(float(str(value))))


def _share(value: float | None, wanted: float, words: Words, judged: bool) -> str:
    told = words.percent(value)
    if value is None or pd.isna(value) or pd.isna(wanted) or not judged:
        return told
    return _judged(told, value >= wanted, words)


def _judged(told: str, good: bool, words: Words) -> str:
    """A figure with a mark that is also read aloud."""
    style, mark, name = ("good", "✓", "reached") if good else ("bad", "✗", "missed")
    sign = f'<span role="img" aria-label="{words(name)}" title="{words(name)}">{mark}</span>'
    return f'<span class="{style}">{told}\u00a0{sign}</span>'


def _coverage(results: Results, words: Words) -> str:
    rows = measures.coverage(results)
    if rows is None or rows.empty:
        return missing(words, "no_coverage")
    heads = [(words("level"), ""), (words("horizon"), "n"), (words("model"), "")]
    heads += [(words("nominal"), "n"), (words("actual"), "n"), (words("wanted"), "n")]
    lines = []
    for row in rows.itertuples():
        low, high = getattr(row, "wanted_lower", None), getattr(row, "wanted_upper", None)
        wanted, told = "–", words.percent(row.actual)
        if low is not None and high is not None and not pd.isna(low):
            wanted = f"{words.percent(low, 0)} … {words.percent(high, 0)}"
            told = _judged(told, low <= row.actual <= high, words)
        level = [
            words.known("level", row.level),
            _horizon(row.horizon, words),
            words.known("model", row.model),
        ]
        lines.append([*level, words.percent(row.nominal, 0), told, wanted])
    return folded(words("show_coverage"), table(words("table_coverage"), heads, lines))


def calibration(results: Results, words: Words) -> str:
    """Nominal against actual coverage, drawn and as a table."""
    rows = measures.calibration(results)
    if rows is None or rows.empty:
        return missing(words, "no_calibration")
    rows = rows.assign(model=[words.known("model", one) for one in rows.model])
    drawing = charts.calibration("calibration", words.raw("title_calibration"), rows, words)
    heads = [(words("model"), ""), (words("nominal"), "n"), (words("actual"), "n")]
    lines = [
        [one.model, words.percent(one.nominal, 0), words.percent(one.actual)] for one in rows.itertuples()
    ]
    data = folded(words("show_table"), table(words("table_calibration"), heads, lines))
    return figure(drawing, words("caption_calibration"), [("guide", words("key_diagonal"))], data)
