"""What train, score, models and anomalies tell people, in the words of finlake/messages/models.yml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finlake.messages import text, told

Payload = dict[str, Any]


class ModelsView:
    """Prints the accounts of the models' commands in one language."""

    def __init__(self, console: Console, language: str) -> None:
        self.console, self.language = console, language

    def words(self, name: str, **values: Any) -> str:
        return text(f"models.{name}", self.language, **values)

    def say(self, name: str, **values: Any) -> None:
        self.console.print(escape(self.words(name, **values)))

    def trained(self, payload: Payload) -> None:
        """Which version came out, whether it counts, and how it did beside the others."""
        if not payload["changed"]:
            name = "serves_already" if payload.get("serves_already") else "nothing_new"
            self.say(name, version=payload["version"])
            return
        state = self.words(next((one for one in ("promoted", "stands_in") if payload[one]), "refused"))
        reason = told(payload["reason"], self.language)
        self.say("trained", version=payload["version"], as_of=payload["as_of"], state=state, reason=reason)
        for currency, standings in payload["standings"].items():
            if standings:
                rows = [
                    [
                        s["model"],
                        _share(s["accuracy"]),
                        _share(s["organisation"]),
                        _share(s["coverage"]),
                        str(s["windows"]),
                    ]
                    for s in standings
                ]
                names = ("model", "accuracy", "organisation", "coverage", "windows")
                self.table(self.words("standings", currency=currency), names, rows)

    def page(self, payload: Payload) -> None:
        """Where the page is, and which currencies it doesn't show."""
        self.say("report_written", path=payload["path"])
        if payload["others"]:
            self.say("report_others", currency=payload["currency"], others=", ".join(payload["others"]))

    def scored(self, payload: Payload) -> None:
        values = {"origin": payload["origin_date"], "version": payload["version"]}
        if "rows" in payload:
            self.say("scored", **values, **payload["rows"])
        else:
            self.say("scored_already", **values)

    def versions(self, payload: Sequence[Payload]) -> None:
        if not payload:
            self.say("no_versions")
            return
        rows = [
            [
                version["version"],
                ", ".join(version["aliases"]) or "–",
                version["made_from"].get("as_of", "–"),
                version["made_from"].get("reason", "–"),
            ]
            for version in payload
        ]
        self.table(payload[0]["model"], ("version", "aliases", "as_of", "reason"), rows)

    def champion(self, payload: Payload) -> None:
        self.say("champion_now", version=payload["version"])

    def drifted(self, payload: Payload) -> None:
        if not payload["signs"]:
            self.say("no_drift" if payload["days"] else "no_drift_known", version=payload["version"])
        for sign in payload["signs"]:
            self.say("drift", version=payload["version"], sign=told(sign, self.language))

    def anomalies(self, payload: Sequence[Payload]) -> None:
        """One line a cause, the newest first."""
        if not payload:
            self.say("no_anomalies")
        column = "sentence_en" if self.language == "en" else "sentence_pt_br"
        for row in payload:
            head = f"{row['anomaly_id']}  {row['severity']}, {row['label'] or row['status']}"
            self.console.print(f"[bold]{escape(head)}[/]\n  {escape(row[column])}")

    def backtested(self, payload: Payload) -> None:
        """The tables of a backtest: accuracy beside the baselines, then coverage."""
        self.say("backtested", **payload["made_from"])
        for currency, tables in payload["tables"].items():
            rows = tables["accuracy"]
            models = list(dict.fromkeys(row["model"] for row in rows))
            said = {(r["measure"], r["level"], r["model"]): r["accuracy"] for r in rows}
            wanted = {(r["measure"], r["level"]): r["wanted"] for r in rows}
            lines = [
                [
                    self.words(f"measure_{measure}", level=level),
                    *[_share(said.get((measure, level, m))) for m in models],
                    _share(wanted[measure, level]),
                ]
                for measure, level in dict.fromkeys((r["measure"], r["level"]) for r in rows)
            ]
            self._print(currency, [self.words("column_measure"), *models, self.words("column_wanted")], lines)
            for grain in ("day", "month"):
                part = [row for row in tables["coverage"] if row["grain"] == grain]
                nominals = sorted({row["nominal"] for row in part})
                found = {(r["level"], r["nominal"]): r["covered"] for r in part}
                lines = [
                    [level, *[_share(found.get((level, n))) for n in nominals]]
                    for level in dict.fromkeys(r["level"] for r in part)
                ]
                self._print(self.words(f"coverage_{grain}"), ["", *[f"{n} %" for n in nominals]], lines)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._print(title, [self.words(f"column_{column}") for column in columns], rows)

    def _print(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        table = Table(title=escape(title), title_justify="left")
        for column in head:
            table.add_column(column)
        for row in rows:
            table.add_row(*[escape(cell) for cell in row])
        self.console.print(table)


def _share(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.1f} %"
