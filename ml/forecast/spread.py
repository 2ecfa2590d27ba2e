"""The candidates that work series by series, spread over Spark: the same function on groups of series, the same result to the
last bit.

Series travel as arrays of doubles, which Arrow copies as they are. What learns from all series at once stays on the driver.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.candidates import forecasts

_SCHEMA = "unique_id string, candidate string, ahead array<double>"


class Spread:
    """A `Local` (windows.py) that runs on a Spark session, `tasks` groups of series at a time."""

    def __init__(self, session: Any, tasks: int) -> None:
        self._session, self._tasks = session, tasks

    def __call__(
        self,
        values: pd.DataFrame,
        horizon: int,
        config: Mapping[str, Any],
        expensive: Collection[str],
        names: Collection[str],
    ) -> dict[str, pd.DataFrame]:
        days, known = values.index, frozenset(expensive)
        settings, wanted = dict(config), list(names)

        def one_group(group: pd.DataFrame) -> pd.DataFrame:
            history = np.stack(group["history"].to_list(), axis=1)
            frame = pd.DataFrame(history, index=days, columns=pd.Index(group["unique_id"], name="unique_id"))
            made = forecasts(frame, horizon, settings, expensive=known, names=wanted)
            rows = [
                (series, name, said[series].to_numpy().tolist())
                for name, said in made.items()
                for series in said.columns
            ]
            return pd.DataFrame(rows, columns=["unique_id", "candidate", "ahead"])

        sent = pd.DataFrame(
            {
                "place": self._places(list(values.columns), known),
                "unique_id": list(values.columns),
                "history": list(values.to_numpy(dtype=float).T),
            }
        )
        spread = self._session.createDataFrame(sent).groupBy("place").applyInPandas(one_group, _SCHEMA)
        found = spread.toPandas()
        ahead = pd.date_range(days[-1] + pd.Timedelta(days=1), periods=horizon, freq="D", name="ds")
        return {name: self._wide(found, name, ahead, values.columns) for name in wanted}

    def _places(self, ids: list[str], expensive: frozenset[str]) -> np.ndarray:
        """Expensive series are dealt out in turn, and so are the others, so that no group has them all."""
        order = sorted(range(len(ids)), key=lambda n: (ids[n] not in expensive, n))
        places = np.empty(len(ids), dtype=np.int64)
        places[order] = np.arange(len(ids)) % self._tasks
        return places

    @staticmethod
    def _wide(found: pd.DataFrame, name: str, ahead: pd.DatetimeIndex, ids: pd.Index) -> pd.DataFrame:
        of_name = found[found["candidate"] == name].set_index("unique_id")["ahead"].reindex(ids)
        table = np.stack([np.asarray(series, dtype=float) for series in of_name], axis=1)
        return pd.DataFrame(table, index=ahead, columns=ids)
