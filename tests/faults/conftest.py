"""What the fault tests share: golden deliveries, and one warm server for each worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.kit import warmed
from tests.faults.warm import Warm
from tests.pipeline.conftest import deliveries, golden, totals

__all__ = ["deliveries", "golden", "totals"]


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """A process that has imported finlake, from which commands are forked."""
    started = warmed(tmp_path_factory.mktemp("warm"))
    yield started
    started.close()
