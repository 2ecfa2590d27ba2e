"""A lake's status as a person reads it, in the user's language. Takes what pipeline.status gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from finlake.error_words import in_words, told
from finlake.messages import number, text
from finlake.messages import told as in_language
from pipeline.fitting import FittingTable

RUNS_SHOWN = 5
WARNINGS_SHOWN = 5
STATES = ("loaded", "superseded", "loading", "unfinished", "held", "refused")
_ERROR_PARTS = (("where", "where"), ("intact", "intact"), ("next", "next_step"))
_OUTCOMES = {"ok": "green", "failed": "bold red", "interrupted": "yellow"}


def view(said: dict[str, Any], language: str, now: datetime) -> Group:
    """The whole status."""
    return Group(*_parts(said, language, now))


def _parts(said: dict[str, Any], language: str, now: datetime) -> Iterator[RenderableType]:
    yield Text(text("status.lake", language, lake=said["lake"]), style="bold")
    yield from _running(said["running"], language, now)
    if said["deliveries"] or said["refused"]:
        if said["periods"]:
            yield _periods(said["periods"], language)
        yield from _deliveries(said, language)
    else:
        yield Text(text("status.empty", language))
    yield from _metrics(said["metrics"], language)
    yield from _published(said, language)
    yield from _warnings(said["runs"], language)
    if said["runs"]:
        yield _runs(said["runs"][:RUNS_SHOWN], language)
    yield from _held(said, language)
    yield from _refusals(said, language)


def _running(run: dict[str, Any] | None, language: str, now: datetime) -> Iterator[Text]:
    if run is None:
        yield Text(text("status.idle", language), style="dim")
        return
    since = _since(run["started_at"], now)
    yield Text(
        text("status.running", language, command=run["command"], pid=str(run["pid"]), since=since),
        style="bold cyan",
    )
    for step in run["steps"]:
        rows = f"  {number(step['rows'], language)} {text('status.lines', language)}" if step["rows"] else ""
        yield Text(
            f"  ✓ {step['name']}  {number(Decimal(str(step['seconds'])), language, 1)} s{rows}", style="dim"
        )
    if run["step"]:
        words = text(
            "status.running_step", language, step=run["step"], since=_since(run["step_started_at"], now)
        )
        doing = f": {in_language(run['doing'], language)}" if run["doing"] else ""
        yield Text(f"  ▸ {words}{doing}")


def _periods(rows: list[dict[str, Any]], language: str) -> FittingTable:
    names = (
        "period",
        "payer",
        "currency",
        "unblended",
        "lines",
        "usage_until",
        "delivered",
        "finality",
        "deliveries",
    )
    heads = [text(f"status.{name}", language) for name in names]
    table = FittingTable(heads, language, right=frozenset({3, 4, 8}), may_go=(8, 4, 5, 7, 6))
    for row in rows:
        table.add_row(
            row["billing_period"],
            row["payer_id"],
            row["currency"],
            _billed(row, language),
            number(row["line_count"], language),
            str(row["last_usage_date"] or ""),
            ("" if row["dated"] else "~") + _minute(row["delivered_at"]),
            text(f"status.{row['finality']}", language),
            number(row["deliveries"], language),
        )
    return table


def _billed(row: dict[str, Any], language: str) -> str:
    """Unblended cost; the net one, said to be so, where the export delivers no gross cost."""
    if row["unblended_cost"] is not None:
        return number(Decimal(row["unblended_cost"]), language, places=2)
    net = number(Decimal(row["net_unblended_cost"]), language, places=2)
    return text("status.net", language, amount=net)


def _deliveries(said: dict[str, Any], language: str) -> Iterator[Text]:
    counts = Counter(delivery["state"] for delivery in said["deliveries"])
    counts["refused"] = len(said["refused"])
    words = [text(f"status.{state}", language, count=counts[state]) for state in STATES if counts[state]]
    yield Text(text("status.counted", language, words=", ".join(words)))
    if said["other_exports"]:
        yield Text(text("status.other_exports", language, count=len(said["other_exports"])), style="dim")


def _held(said: dict[str, Any], language: str) -> Iterator[Text]:
    for delivery in said["deliveries"]:
        if delivery["state"] == "held":
            title = text("status.held_title", language)
            yield Text(f"{title}: {delivery['billing_period']}  {delivery['manifest']}", style="yellow")
            yield Text(f"  {_reason(delivery, language)}")


def _refusals(said: dict[str, Any], language: str) -> Iterator[Text]:
    """Last of all: in the log of a task, the end is what one sees."""
    labels = {part: text(f"error.{name}", language) + ":" for name, part in _ERROR_PARTS}
    width = 1 + max(map(len, labels.values()))
    for refusal in said["refused"]:
        title = text("status.refused_title", language)
        yield Text(f"{title}: {refusal['billing_period'] or '?'}  {refusal['manifest']}", style="red")
        error = told(refusal, language)
        yield Text(f"  {error['what']}")
        for part, label in labels.items():
            yield Text(f"  {label:<{width}}{error[part]}")


def _reason(delivery: dict[str, Any], language: str) -> str:
    """Why a delivery is held: one of its warnings says so, in English as its reason; an older finlake kept the reason only."""
    said = [w for w in delivery["warnings"] if isinstance(w, dict) and w["what"] == delivery["reason"]]
    return in_words(said[0], language)[0] if said else str(delivery["reason"])


def _warnings(runs: list[dict[str, Any]], language: str) -> Iterator[Text]:
    """What the last run warned of."""
    found = (runs[0]["warnings"] or []) if runs else []
    if found:
        yield Text(
            text("status.warned", language, count=len(found), command=runs[0]["command"]), style="yellow"
        )
    for warning in found[:WARNINGS_SHOWN]:
        yield Text(f"  {in_words(warning, language)[0]}")
    if len(found) > WARNINGS_SHOWN:
        yield Text("  " + text("status.more_warnings", language, count=len(found) - WARNINGS_SHOWN))


def _metrics(said: dict[str, Any], language: str) -> Iterator[Text]:
    """How far metrics reach, where any are loaded; how many of their files are refused."""
    if said["days"]:
        reach = {"count": said["days"], "first": said["first_day"], "newest": said["newest_day"]}
        yield Text(text("metrics.reach", language, **reach))
    if said["refused"]:
        yield Text(text("metrics.refused_count", language, count=len(said["refused"])), style="red")


def _published(said: dict[str, Any], language: str) -> Iterator[Text]:
    pointer, builds = said["published"], said["builds"]
    if pointer is None:
        yield Text(text("status.not_published", language))
    else:
        when = _minute(pointer["published_at"]) + " UTC"
        yield Text(
            text("status.published", language, build=pointer["build_id"], when=when, count=len(builds))
        )
    newest = builds[0] if builds else None
    known = [pointer["build_id"], *pointer["previous"]] if pointer else []
    if newest and pointer and newest["build_id"] in pointer["withdrawn"]:
        yield Text(text("status.withdrawn_build", language, build=newest["build_id"]))
    elif newest and newest["build_id"] not in known:
        yield Text(text("status.newer_build", language, build=newest["build_id"]))


def _runs(runs: list[dict[str, Any]], language: str) -> FittingTable:
    names = ("run", "delivered", "seconds", "outcome", "steps")
    heads = [text(f"status.{name}", language) for name in names]
    heads[1] = "UTC"
    table = FittingTable(heads, language, right=frozenset({2}), may_go=(4,))
    for run in runs:
        steps = ", ".join(
            f"{s['name']} {number(Decimal(str(s['seconds'] or 0)), language, 1)}" for s in run["steps"]
        )
        outcome = Text(text(f"status.{run['outcome']}", language), style=_OUTCOMES.get(run["outcome"], ""))
        if run["outcome"] == "ok" and run["refused"]:
            outcome = Text(text("status.ok_refused", language, count=run["refused"]), style="yellow")
        took = number(Decimal(str(run["seconds"])), language, 1)
        table.add_row(run["command"], _minute(run["started_at"]), took, outcome, steps)
    return table


def _minute(instant: str | None) -> str:
    return instant[:16].replace("T", " ") if instant else ""


def _since(instant: str, now: datetime) -> str:
    """A duration in digits, the same in every language: 0:07, 1:02:03."""
    seconds = max(0, int((now - datetime.fromisoformat(instant)).total_seconds()))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
