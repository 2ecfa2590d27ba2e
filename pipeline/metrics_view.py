"""What the ingest of metrics tells people, in the words of finlake/messages/metrics.yml."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from finlake.error_words import told
from finlake.messages import text

REFUSALS_SHOWN = 20


class MetricsView:
    """Prints accounts of metrics in one language."""

    def __init__(self, console: Console, language: str) -> None:
        self.console, self.language = console, language

    def say(self, name: str, **values: Any) -> None:
        self.console.print(escape(text(f"metrics.{name}", self.language, **values)))

    def previewed(self, said: dict[str, Any]) -> None:
        """What an ingest would read."""
        megabytes = f"{said['byte_count'] / 1e6:.1f}"
        self.say("preview", count=said["new"], unchanged=said["unchanged"], megabytes=megabytes)

    def ingested(self, said: dict[str, Any]) -> None:
        """What was taken in and refused."""
        if said["files"]:
            self.say("loaded", count=said["files"], points=said["points"])
        elif not said["days"]:
            self.say("nothing_new", count=said["unchanged"])
        if said["repeated"]:
            self.say("repeated", count=said["repeated"])
        if said["days"]:
            self.say("days", count=len(said["days"]), first=said["days"][0], last=said["days"][-1])
        self.refusals(said["refused"])

    def state(self, said: dict[str, Any]) -> None:
        """How far metrics reach, and what is refused."""
        if said["days"]:
            self.say("reach", count=said["days"], first=said["first_day"], newest=said["newest_day"])
        else:
            self.say("none")
        self.refusals(said["refused"])
        if not said["refused"]:
            self.say("none_refused")

    def refusals(self, refused: list[dict[str, Any]]) -> None:
        """Each refused file with its reason; of many the first ones."""
        for refusal in refused[:REFUSALS_SHOWN]:
            said = told(refusal, self.language)
            head = text("metrics.refused", self.language)
            self.console.print(f"[red]{head}[/] {escape(said['where'])}\n  {escape(said['what'])}")
            self.console.print(f"  {text('run.next', self.language)}: {escape(said['next_step'])}")
        if len(refused) > REFUSALS_SHOWN:
            self.say("more_refused", count=len(refused) - REFUSALS_SHOWN)
