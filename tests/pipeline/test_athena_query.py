"""What `finlake query --target athena` lets through to Athena: statements that read finlake's tables, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from finlake.athena import Athena
from finlake.errors import UsageError
from finlake.lake import Lake
from finlake.settings import AthenaSettings
from pipeline.athena_query import checked

ATHENA = Athena(Lake("s3://b/lake", "id", Path("/tmp"), "duckdb"), AthenaSettings())


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("explain analyze delete from cost_monthly", "query_only_reads"),
        ("EXPLAIN ANALYZE insert into cost_monthly select 1", "query_only_reads"),
        ("explain (type io) drop table cost_monthly", "query_only_reads"),
        ("explain analyze select * from finlake_builds.cost_monthly", "query_outside"),
        ("show tables; drop table cost_monthly", "query_not_one"),
        ("unload (select 1) to 's3://b/x' with (format = 'PARQUET')", "query_only_reads"),
        ("drop table cost_monthly", "query_only_reads"),
    ],
)
def test_what_would_do_more_than_read_is_refused(sql: str, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked(sql, ATHENA)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("sql", "asked"),
    [
        ("select 1;", "select 1"),
        ("show tables", "show tables"),
        ("explain analyze select * from cost_daily", "explain analyze select * from cost_daily"),
        ("select * from silver.deliveries", 'SELECT * FROM "finlake_silver".deliveries'),
    ],
)
def test_what_reads_is_asked(sql: str, asked: str) -> None:
    assert checked(sql, ATHENA) == asked
