"""The structured log: JSON lines in <lake>/logs/finlake.jsonl, rotated by size, never with a secret.

What people read goes to the console, not here. A lake that doesn't exist yet, or is on S3, logs to the
user's own state folder (FINLAKE_STATE_HOME), never to a guessable place that other users can write to.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finlake.clock import utc_now
from finlake.lake_tree import MARKER

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

LOG_NAME = "finlake.jsonl"
ROTATED_FILES = 4
_SECRET_KEY = re.compile(r"secret|passw|token|credential|authorization|private_key|access_key", re.I)
_SECRET_VALUE = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access key ids
    r"|(?<=X-Amz-Signature=)[0-9a-fA-F]+"
    r"|(?<=X-Amz-Security-Token=)[^&\s\"']+"
    r"|(?<=X-Amz-Credential=)[^&\s\"']+"
    r"|(?i:(?<=secret_access_key=)|(?<=session_token=)|(?<=password=))[^&\s\"',}]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password@ in a URL
)
HIDDEN = "***"

_state: dict[str, Any] = {"lake": None, "max_mb": 20, "configured": None, "last_resort": None}


def use_lake(lake: str, max_mb: int = 20) -> None:
    """From here on this process logs to that lake (`max_mb` megabytes at most, rotated files included)."""
    _state.update(lake=lake, max_mb=max_mb)


def log_file() -> Path:
    """The file that the log goes to now. It can be written: no folder may ever stop a run."""
    home = os.environ.get("FINLAKE_STATE_HOME")
    places = [Path(home) if home else Path.home() / ".local" / "state" / "finlake"]
    lake = _state["lake"]
    if lake and "://" not in lake and Path(lake, MARKER).is_file():
        places.insert(0, Path(lake))
    for place in places:
        file = place / "logs" / LOG_NAME
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.open("a").close()
        except OSError:
            continue
        return file
    if _state["last_resort"] is None:
        _state["last_resort"] = Path(tempfile.mkdtemp(prefix="finlake-logs-"), LOG_NAME)
    return Path(_state["last_resort"])


def get_logger(**context: Any) -> FilteringBoundLogger:
    """A structlog logger bound to `context`: `get_logger(command="run").info("ingested", rows=3)`."""
    import structlog

    file = log_file()
    if _state["configured"] != file:
        _configure(file)
        _state["configured"] = file
    logger: FilteringBoundLogger = structlog.get_logger("finlake").bind(**context)
    return logger


def record_crash(error: BaseException) -> Path:
    """Log an unexpected error with its stack trace; returns the file."""
    trace = "".join(traceback.format_exception(error))
    get_logger().error("unexpected", error=type(error).__name__, trace=trace)
    return log_file()


def without_secrets(value: Any, key: str = "") -> Any:
    """`value` with everything that looks like a secret hidden: by its key's name, or by its own shape."""
    if key and _SECRET_KEY.search(key) and value is not None:
        return HIDDEN
    if isinstance(value, dict):
        return {name: without_secrets(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    if isinstance(value, str):
        return _SECRET_VALUE.sub(HIDDEN, value)
    return value


class _QuietHandler(logging.handlers.RotatingFileHandler):
    """A full disk loses a line of the log; it must not print a stack trace over what a person reads."""

    def handleError(self, record: logging.LogRecord) -> None:
        return


def _configure(file: Path) -> None:
    import structlog

    size = _state["max_mb"] * 1_000_000 // (ROTATED_FILES + 1)
    handler = _QuietHandler(
        file,
        maxBytes=size,
        backupCount=ROTATED_FILES,
        encoding="utf-8",
        errors="backslashreplace",
        delay=True,
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    target = logging.getLogger("finlake")
    for old in list(target.handlers):
        target.removeHandler(old)
        old.close()
    target.addHandler(handler)
    target.setLevel(logging.INFO)
    target.propagate = False
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _instant,
            _hide,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _instant(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {"at": utc_now().isoformat(timespec="milliseconds"), **event}


def _hide(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: without_secrets(value, key) for key, value in event.items()}
