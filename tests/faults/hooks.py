"""What a child of the warm server does before its command: another clock or machine, a source that changes at a chosen moment.

Each function takes its argument from the request and returns what is to be done after the command, or None.
"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

End = Callable[[], object] | None


def keep_compiled(file: str) -> End:
    """Leave the compiled SQL of this command in a file."""
    from finlake.engines import duckdb_engine

    return lambda: Path(file).write_bytes(pickle.dumps(duckdb_engine._COMPILED))


def clock(hours: float) -> End:
    """finlake's clock goes wrong by so many hours; nothing else in finlake asks for the time (tests/house)."""
    from finlake import clock as module

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(hours=hours)

    module.datetime = Shifted  # type: ignore[misc]
    return None


def machine(state: str) -> End:
    """Another machine on the same lake: own lock, ledger and landing, as two machines on one S3 prefix have."""
    from finlake import lake

    lake._state_dir = lambda root, lake_id: Path(state)  # type: ignore[assignment]
    lake.Lake.landing = property(lambda self: self.state_dir / "landing")  # type: ignore[assignment,method-assign]
    return None


def replace(said: dict[str, Any]) -> End:
    """AWS overwrites files in place at a chosen moment: `when` is before, while or after copy number `number`.

    `files`: [new content, place in the source], written one by one as AWS would.
    """
    from collect import source

    real, count = source.LocalSource.copy, 0

    def overwrite() -> None:
        for new, place in said["files"]:
            if said.get("atomically"):
                shutil.copyfile(new, f"{place}.new")
                Path(f"{place}.new").replace(place)
            else:
                shutil.copyfile(new, place)

    def copy(self: Any, stat: Any, target: Path, progress: Callable[[int], None]) -> Any:
        nonlocal count
        count += 1
        now = said["when"] if count == said["number"] else ""
        if now == "before":
            overwrite()

        def seen(size: int) -> None:
            nonlocal now
            if now == "while":
                now = ""
                overwrite()
            progress(size)

        copied = real(self, stat, target, seen)
        if now == "after":
            overwrite()
        return copied

    source.LocalSource.copy = copy  # type: ignore[method-assign]
    return None
