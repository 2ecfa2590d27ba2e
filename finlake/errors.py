"""Errors for people, and the exit codes that scripts rely on.

Every error says what happened, to which file, period or account, what stays intact and what to do next.
The command line prints those four parts and exits with the error's exit code; never a stack trace for bad input.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Self


class ExitCode(IntEnum):
    """Exit codes of the `finlake` command; documented in docs/cli.md."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    DELIVERY_REFUSED = 3
    CONFIGURATION = 4
    BUSY = 5
    AUDIT_FAILED = 6
    NOT_FOUND = 7
    INTERRUPTED = 130


class FinlakeError(Exception):
    """Base of all errors that a user can cause or meet. Subclasses fix the exit code.

    Raised as `Kind.of("code", where=..., placeholder=...)`: the words are the catalogue's (finlake/messages/errors),
    in English here; whoever prints them asks for the user's language. `detail` keeps a library's own words.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        intact: str = "",
        next_step: str = "",
        detail: str = "",
        code: str = "",
        values: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.intact = intact
        self.next_step = next_step
        self.detail = detail
        self.code = code
        self.values = values or {}

    @classmethod
    def of(cls, code: str, *, where: str = "", detail: str = "", **values: Any) -> Self:
        """The error `code` of the catalogue; `values` fill its placeholders (texts and whole numbers).

        Raises KeyError for a code or placeholder that the catalogue doesn't know.
        """
        from finlake.error_words import parts

        said = {"where": where} | parts(code, values, "en")
        return cls(**said, detail=detail, code=code, values=values)

    def as_dict(self) -> dict[str, Any]:
        """The error as JSON-ready parts: error, code, what, where, intact, next_step, detail, values, exit_code."""
        return {
            "error": type(self).__name__,
            "code": self.code,
            "what": self.what,
            "where": self.where,
            "intact": self.intact,
            "next_step": self.next_step,
            "detail": self.detail,
            "values": self.values,
            "exit_code": int(self.exit_code),
        }


class UsageError(FinlakeError):
    """A flag or argument that can't be taken."""

    exit_code = ExitCode.USAGE


class DeliveryRefused(FinlakeError):
    """A delivery that failed its checks: none of its rows is loaded."""

    exit_code = ExitCode.DELIVERY_REFUSED


class ConfigurationError(FinlakeError):
    """A setting, contract or catalogue entry that is wrong; `where` names file and key."""

    exit_code = ExitCode.CONFIGURATION


class LakeBusy(FinlakeError):
    """Another finlake process is writing to this lake."""

    exit_code = ExitCode.BUSY


class AuditFailed(FinlakeError):
    """What was built doesn't reconcile or breaks an expectation: nothing is published."""

    exit_code = ExitCode.AUDIT_FAILED


class NotFound(FinlakeError):
    """A lake, source, build, period or table that isn't there."""

    exit_code = ExitCode.NOT_FOUND


class Warned(FinlakeError):
    """What a person should read though the run goes on. Never raised: reports, ledger and builds keep it as a dict."""

    exit_code = ExitCode.OK

    def as_dict(self) -> dict[str, Any]:
        """The warning as JSON-ready parts: code, what, where, next_step, detail, values."""
        said = super().as_dict()
        return {name: said[name] for name in ("code", "what", "where", "next_step", "detail", "values")}
