"""Versions in a real MLflow: promotion, refusal, the way back, and the model as MLflow loads it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from ml.forecast.score import score
from ml.forecast.train import Trained
from ml.registry import artifacts
from ml.registry.flavour import write_model
from ml.registry.tracking import PROMOTED_AT, REASON, WITHDRAWN, Registry, Version
from tests.ml.conftest import AS_OF

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("mlflow")
    yield f"sqlite:///{folder / 'mlflow.db'}", str(folder / "artifacts")


@pytest.fixture
def registry(store: tuple[str, str], request: pytest.FixtureRequest) -> Registry:
    return Registry(*store, f"finlake-{request.node.name[:40]}")


def version(registry: Registry, tmp_path: Path, text: str = "x") -> Version:
    folder = tmp_path / f"model {text}"
    folder.mkdir()
    (folder / "f.txt").write_text(text)
    with registry.run("t", {"finlake.data": text}) as run:
        run.parameters({"seed": 1})
        run.metrics({"accuracy": 0.9, "unknown": None})
        run.folder(folder, "model")
        return registry.register(run, {"finlake.data": text})


def test_a_new_version_is_the_challenger_and_a_promoted_one_the_champion(
    registry: Registry, tmp_path: Path
) -> None:
    made = version(registry, tmp_path)
    assert made.aliases == ("challenger",)
    assert registry.champion() is None
    promoted = registry.promote(made, NOW, "better")
    assert promoted.aliases == ("champion",)
    assert promoted.tags[PROMOTED_AT].startswith("2026-05-01T12:00:00")
    assert registry.metrics(promoted) == {"accuracy": 0.9}


def test_a_version_stands_in_until_there_is_a_champion(registry: Registry, tmp_path: Path) -> None:
    first = registry.stand_in(version(registry, tmp_path), "provisional")
    assert first.aliases == ("provisional",) and registry.champion() is None
    assert registry.serving() == first
    second = registry.promote(version(registry, tmp_path, "y"), NOW, "better")
    assert second.aliases == ("champion",) and registry.serving() == second
    assert registry.version(first.version).aliases == ()
    assert registry.rollback(NOW).version == first.version


def test_a_refused_version_leaves_the_champion(registry: Registry, tmp_path: Path) -> None:
    first = registry.promote(version(registry, tmp_path), NOW, "better")
    second = version(registry, tmp_path, "y")
    registry.refuse(second, "not better")
    assert registry.champion() == first
    assert registry.version(second.version).tags[REASON] == "not better"
    assert registry.challenger() is not None


def test_the_way_back_leads_to_the_champion_before(registry: Registry, tmp_path: Path) -> None:
    first = registry.promote(version(registry, tmp_path), NOW, "better")
    second = registry.promote(version(registry, tmp_path, "y"), NOW, "better")
    back = registry.rollback(NOW)
    assert back.version == first.version
    assert WITHDRAWN in registry.version(second.version).tags
    with pytest.raises(KeyError):
        registry.rollback(NOW)
    assert registry.rollback(NOW, second.version).version == second.version


def test_a_moved_lake_keeps_its_versions_and_writes_where_it_lies_now(
    registry: Registry, store: tuple[str, str], tmp_path: Path
) -> None:
    first = registry.promote(version(registry, tmp_path), NOW, "better")
    moved = tmp_path / "moved" / "artifacts"
    shutil.move(store[1], moved)
    later = Registry(store[0], str(moved), registry.name)
    with later.files(first) as folder:
        assert (folder / "f.txt").read_text() == "x"
    second = version(later, tmp_path, "y")
    with later.files(second) as folder:
        assert (folder / "f.txt").read_text() == "y"
    assert not Path(store[1]).exists()
    shutil.move(moved, store[1])
    with registry.files(second) as folder:
        assert (folder / "f.txt").read_text() == "y"


def test_a_run_that_breaks_is_failed_and_registers_nothing(registry: Registry) -> None:
    with pytest.raises(RuntimeError), registry.run("t", {}):
        raise RuntimeError("broken")
    assert registry.versions() == []


def test_a_model_is_the_same_from_files_and_as_mlflow_loads_it(
    bill: pd.DataFrame, trained: Trained, tmp_path: Path
) -> None:
    import mlflow

    artifacts.save({"USD": trained}, tmp_path / "tables")
    again = artifacts.load(tmp_path / "tables")["USD"]
    wanted = score(bill, AS_OF, trained)
    pd.testing.assert_frame_equal(score(bill, AS_OF, again), wanted, check_exact=True)
    write_model(tmp_path / "model", tmp_path / "tables")
    served = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(bill)
    pd.testing.assert_frame_equal(served.drop(columns="currency"), wanted, check_exact=True)
