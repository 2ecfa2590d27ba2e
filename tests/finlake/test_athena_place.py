"""Which lakes target athena takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from finlake.athena import Athena
from finlake.errors import ConfigurationError
from finlake.lake import Lake
from finlake.settings import AthenaSettings


@pytest.mark.parametrize(
    ("root", "code"),
    [
        ("/data/lake", "athena_lake_local"),
        ("s3://b/fin ops", "athena_lake_prefix"),
        ("s3://b/o'neil", "athena_lake_prefix"),
    ],
)
def test_a_lake_that_athena_cant_use_is_refused(root: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Athena(Lake(root, "id", Path("/tmp"), "duckdb"), AthenaSettings())
    assert refused.value.code == code


def test_names_and_places_follow_the_settings() -> None:
    athena = Athena(Lake("s3://b/lake", "id", Path("/tmp"), "duckdb"), AthenaSettings(database="finlake_dev"))
    assert athena.table("gold", "cost_daily") == '"finlake_dev_gold"."cost_daily"'
    assert athena.results == "s3://b/lake/warehouse/athena/results/"
