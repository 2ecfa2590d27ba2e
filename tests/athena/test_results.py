"""Results of models on Athena: built without a month anew, and the models read the same bill there as on DuckDB."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from pipeline.ml_inputs import read_bill, read_hours
from tests.athena.conftest import Growing


@pytest.mark.parametrize("read", ["bill", "hours"])
def test_models_read_the_same_on_both_targets(grown: Growing, read: str) -> None:
    found = {}
    for target in ("athena", "duckdb"):
        settings = grown.settings(target)
        if read == "bill":
            found[target] = read_bill(grown.lake, settings)
        else:
            found[target] = read_hours(grown.lake, settings, since=date(2000, 1, 1))
    (on_athena, version), (on_duckdb, other) = found["athena"], found["duckdb"]
    assert set(on_athena) == set(on_duckdb) and on_athena
    assert (version.newest_day, version.deliveries) == (other.newest_day, other.deliveries)
    for currency, frame in on_athena.items():
        assert len(frame)
        pd.testing.assert_frame_equal(frame, on_duckdb[currency], rtol=1e-12)


def test_results_are_built_without_reading_a_month(grown: Growing) -> None:
    assert grown.score("a", cost=2000.0)
    before = grown.published()
    said = grown.run("athena")
    assert said["built"] and said["periods"] == [] and not {"cost_daily", "usage_daily"} & set(said["models"])
    assert all(row["is_reconciled"] for row in said["reconciliation"])
    after = grown.published()
    assert after[0] == said["build_id"] != before[0] and after[1] == before[1]
    asked = "select anomaly_id, status, label from anomalies order by 1"
    assert list(grown.target("athena").athena.rows(asked)) == [
        {"anomaly_id": "a", "status": "current", "label": "expected"},
        {"anomaly_id": "b", "status": "withdrawn", "label": None},
    ]
    assert not grown.run("athena")["built"]
