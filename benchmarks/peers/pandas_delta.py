"""Peer (a): awswrangler/pandas reads the month with all its columns into one DataFrame, delta-rs writes silver and the marts.

awswrangler reads from S3 only (`wr.s3.read_parquet`). Here the files lie in a folder, so they are read with pyarrow and turned
into pandas with the very arguments that awswrangler 3 uses; the download that it would do first is not in the figures.
Usage: as duckdb_delta.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from benchmarks.peers.pandas_marts import marts
from benchmarks.peers.pandas_read import read
from benchmarks.peers.pandas_silver import silver, table_of
from benchmarks.peers.raw import files_below
from finlake.catalogue import Catalogue
from finlake.contracts import load_contract
from finlake.paths import DBT_DIR


def main(source: Path, target: Path) -> None:
    steps: dict[str, float] = {}
    begun = time.perf_counter()

    def done(name: str) -> None:
        nonlocal begun
        steps[name], begun = time.perf_counter() - begun, time.perf_counter()

    files = files_below(source)
    raw = read(files)
    done("read")
    lines = silver(raw, files.layout, Catalogue.load())
    del raw
    table = table_of(lines, list(load_contract("silver", "billing_line_items").column_names))
    done("silver")
    write_deltalake(
        str(target / "silver"), table, mode="overwrite", partition_by=["export_id", "billing_period"]
    )
    done("commit")
    sets = {}
    for name, column in (("tags", "resource_tags"), ("categories", "cost_categories")):
        numbers, distinct = pd.factorize(lines[column].map(tuple))
        table, sets[name] = table.append_column(name, pa.array(numbers, pa.int64())), list(distinct)
    del lines
    for name, mart in marts(table, sets, DBT_DIR / "seeds"):
        write_deltalake(str(target / "marts" / name), mart, mode="overwrite")
    done("marts")
    print(json.dumps({"steps": steps}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
