"""A change between deliveries as a person reads it, in the user's language. Takes what pipeline.diff gives."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from finlake.messages import number, text
from pipeline.diff import BY, billed
from pipeline.fitting import FittingTable

PARTS = ("earlier_days", "new_days", "closing_lines", "total")
SHOWN = 40


def view(said: dict[str, Any], language: str) -> Group:
    """Every change that was asked for."""
    return Group(*(part for change in said["changes"] for part in _change(change, said, language)))


def _change(change: dict[str, Any], said: dict[str, Any], language: str) -> Iterator[RenderableType]:
    title = "diff.title" if _cost(change) == "unblended_cost" else "diff.title_net"
    yield Text(text(title, language, period=said["billing_period"], export=change["export_id"]), style="bold")
    for side in ("from", "to"):
        delivery = change[side]
        when = ("" if delivery["dated"] else "~") + (delivery["delivered_at"] or "?")[:16].replace("T", " ")
        lines = number(delivery["line_count"] or 0, language)
        yield Text(
            "  " + text(f"diff.{side}", language, delivery=delivery["delivery_id"], when=when, lines=lines)
        )
    if change["earlier_days_until"]:
        yield Text("  " + text("diff.covered", language, day=str(change["earlier_days_until"])), style="dim")
    groups = [group for group in change["groups"] if any(billed(group)[part] for part in PARTS)]
    if not change["groups"]:
        yield Text(text("diff.nothing", language))
    else:
        yield _table(change, groups[:SHOWN], said["by"], language)
    if len(groups) > SHOWN:
        yield Text(text("diff.more", language, count=len(groups) - SHOWN), style="dim")
    if others := len(change["groups"]) - len(groups):
        yield Text(text("diff.other_costs", language, count=others), style="dim")
    if change["rows"] is not None:
        for name, count in change["rows"].items():
            yield Text(f"  {number(count, language):>12}  {text(f'diff.{name}', language)}")


def _table(
    change: dict[str, Any], groups: list[dict[str, Any]], by: list[str], language: str
) -> FittingTable:
    """Groups, biggest change first, then one total for each payer and currency."""
    several = len({total["payer_id"] for total in change["totals"]}) > 1
    keys = [*(["payer"] if several else []), *by, "currency"]
    heads = [text(f"diff.{name}", language) for name in (*keys, *PARTS)]
    amounts = range(len(keys), len(heads))
    table = FittingTable(heads, language, frozenset(amounts), may_go=(amounts[2], amounts[1], amounts[0]))
    for group in groups:
        names = [*([group["payer_id"]] if several else []), *(str(group[BY[name]]) for name in by)]
        table.add_row(*names, group["currency"], *(_money(billed(group)[part], language) for part in PARTS))
    table.add_section()
    for total in change["totals"]:
        names = [*([total["payer_id"]] if several else []), *("" for _ in by)]
        cells = [
            *names,
            total["currency"],
            *(_money(total[_cost(change)][part], language) for part in PARTS),
        ]
        table.add_row(*cells, style="bold")
    return table


def _cost(change: dict[str, Any]) -> str:
    """Which cost is shown: what is billed, net where the export delivers no gross cost."""
    lacking = any(total["unblended_cost"]["total"] is None for total in change["totals"])
    return "net_unblended_cost" if lacking else "unblended_cost"


def _money(value: Decimal, language: str) -> str:
    """Two places with a sign; every place where two would show a change as nothing."""
    if not value:
        return "0"
    places = 2 if abs(value) >= Decimal("0.005") else 12
    shown = number(value, language, places=places)
    shown = shown.rstrip("0") if places > 2 else shown
    return f"+{shown}" if value > 0 else shown
