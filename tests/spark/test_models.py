"""Forecasts on Spark are those of one process: the same function on groups of series, equal within 1e-6 (and mostly to the
last digits)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from finlake.engines.spark_session import open_session
from ml.forecast.candidates import forecasts
from ml.forecast.score import score
from ml.forecast.spread import Spread
from ml.forecast.train import history_of, train
from tests.ml.conftest import AS_OF, bill, config

__all__ = ["bill", "config"]


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spread]:
    session, _ = open_session(str(tmp_path_factory.mktemp("lake")), None)
    yield Spread(session, tasks=3)


def test_every_candidate_is_the_same_by_series(
    spread: Spread, bill: pd.DataFrame, config: dict[str, Any]
) -> None:
    from ml.forecast.panel import panel_of

    values = panel_of(bill, AS_OF, config).values
    expensive = list(values.columns[:4])
    names = ["seasonal_naive", "run_rate", "auto_ets", "auto_theta", "mstl"]
    alone = forecasts(values, 30, config, expensive=expensive, names=names)
    spreaded = spread(values, 30, config, expensive, names)
    for name in names:
        pd.testing.assert_frame_equal(spreaded[name], alone[name], rtol=1e-9, check_freq=False)


def test_training_and_scoring_on_spark_give_the_rows_of_one_process(
    spread: Spread, bill: pd.DataFrame, config: dict[str, Any], tmp_path: Path
) -> None:
    few = {**config, "windows": {**config["windows"], "most": 4}}
    alone = train(history_of(bill, AS_OF, few), AS_OF, few)
    spreaded = train(history_of(bill, AS_OF, few, local=spread), AS_OF, few)
    for mine, theirs in ((alone.days, spreaded.days), (alone.months, spreaded.months)):
        pd.testing.assert_frame_equal(mine.weights, theirs.weights, rtol=1e-6)
        pd.testing.assert_frame_equal(mine.widths, theirs.widths, rtol=1e-6)
    rows = score(bill, AS_OF, alone)
    others = score(bill, AS_OF, spreaded, local=spread)
    pd.testing.assert_series_equal(rows["cost"].astype(float), others["cost"].astype(float), rtol=1e-6)
