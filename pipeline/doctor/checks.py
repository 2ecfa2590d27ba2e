"""What a check of `finlake doctor` answers, and how a list of them is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from finlake.messages import text

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, how it is, what was seen and what to do about it."""

    check: str
    status: Status
    detail: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        """JSON-ready parts."""
        return asdict(self)


@dataclass(frozen=True)
class Say:
    """Makes findings in one language: `say.ok("disk", "disk_found", gigabytes=12)`."""

    language: str

    def ok(self, check: str, words: str, **values: Any) -> Finding:
        """All is well."""
        return Finding(check, "ok", self._text(words, values))

    def warn(self, check: str, words: str, advice: str = "", **values: Any) -> Finding:
        """It works, but a person should look."""
        return Finding(check, "warn", self._text(words, values), self._text(advice, values) if advice else "")

    def fail(self, check: str, words: str, advice: str, **values: Any) -> Finding:
        """It has to be repaired first."""
        return Finding(check, "fail", self._text(words, values), self._text(advice, values))

    def _text(self, words: str, values: dict[str, Any]) -> str:
        return text(f"doctor.{words}", self.language, **values)


Check = Callable[[Say], Finding]


def examine(checks: Iterable[tuple[str, Check]], language: str) -> list[Finding]:
    """Run named checks in order. One that breaks is a finding itself and stops none of the others."""
    say = Say(language)
    findings = []
    for name, check in checks:
        try:
            findings.append(check(say))
        except Exception as error:
            findings.append(
                say.fail(name, "broken", "broken_advice", error=f"{type(error).__name__}: {error}")
            )
    return findings
