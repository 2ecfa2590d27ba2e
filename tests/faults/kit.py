"""What every kind of fault works with: a seed of its own, a folder of its own, the warm server, and a count of what it did."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import scenes
from tests.faults.warm import Run, Warm

SEED = 20261123


@dataclass
class Case:
    """One case of a kind: everything random in it comes from `chance`; `faults` counts what was inflicted."""

    kind: str
    number: int
    seed: int
    warm: Warm
    folder: Path
    scratch: dict[str, Any]
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed}/{self.kind}/{self.number}")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def ingest(self, lake: Path, source: Path, *more: str, **given: Any) -> Run:
        """An ingest that must end well."""
        return self.warm.run("ingest", "--lake", lake, "--source", source, *more, **given)

    def whole_run(self, lake: Path, source: Path, **given: Any) -> Run:
        return self.warm.run("run", "--lake", lake, "--source", source, **given)

    def clean_ingest(self, source: Path) -> tuple[Path, float]:
        """A lake made by one clean ingest, and the seconds that it took."""
        lake, started = self.folder / "clean", time.monotonic()
        shutil.rmtree(lake, ignore_errors=True)
        self.ingest(lake, source)
        return lake, time.monotonic() - started

    def assert_settled(self, lake: Path, source: Path) -> None:
        """One more ingest finds nothing to do, and nothing is left in transit."""
        again = self.ingest(lake, source)
        assert again.said()["changed"] is False, again.text()
        assert not any((lake / "landing").glob("*"))


Scenario = Callable[[Case], None]
KINDS: dict[str, Scenario] = {}


def kind(name: str) -> Callable[[Scenario], Scenario]:
    """Register a function that runs one case of a kind."""

    def register(function: Scenario) -> Scenario:
        KINDS[name] = function
        return function

    return register


def copy(source: Path, target: Path) -> None:
    """A folder as it is; what stood at the target goes."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def warmed(folder: Path) -> Warm:
    """A warm server that knows the compiled SQL of the small bills."""
    warm = Warm(folder / "warm")
    bucket = scenes.Bucket(folder / "first-bucket")
    chance = random.Random(1)
    for layout in ("csv", "cur2"):
        bucket.deliver(scenes.delivery(chance, layout, "2026-03", 1))
    file = folder / "compiled.pickle"
    arguments = ("ingest", "--lake", folder / "first-lake", "--source", bucket.root)
    warm.run(*arguments, hooks={"keep_compiled": str(file)})
    warm.learn(file)
    return warm


def told_to_people(run: Run) -> str:
    """What the error says. Raises AssertionError where a failed command shows no error that a person can read."""
    said, text = run.said(), run.text()
    assert said.get("what") and said.get("next_step"), f"no error for people: {text[-1500:]}"
    assert "Traceback" not in text and said.get("code") != "unexpected", text[-1500:]
    return str(said["what"])
