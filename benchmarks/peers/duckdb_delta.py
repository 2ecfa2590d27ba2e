"""Peer (b): DuckDB reads the files, one query makes silver, delta-rs writes it; the marts are plain tables over it.

With --copy DuckDB writes the Parquet files itself, on all cores, and delta-rs makes a table of them.

Usage: python -m benchmarks.peers.duckdb_delta SOURCE_FOLDER TARGET_FOLDER [--silver-only] [--copy]
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from deltalake import Field, Schema, convert_to_deltalake, write_deltalake

from benchmarks.peers.query import HERE, connect, silver_of
from benchmarks.peers.raw import files_below
from benchmarks.peers.rules import SUMS
from finlake.engines.duckdb import extension_file
from finlake.paths import DBT_DIR

ROWS_A_BATCH = 100_000
PARTITIONS = ["export_id", "billing_period"]


def main(source: Path, target: Path, silver_only: bool, by_copy: bool) -> None:
    begun = time.perf_counter()
    con = connect(target)
    silver, query = str(target / "silver"), silver_of(con, files_below(source))
    if by_copy:
        con.execute(
            f"copy ({query}) to '{silver}' (format parquet, compression zstd, partition_by ({', '.join(PARTITIONS)}))"
        )
        keys = Schema([Field(name, "string", nullable=True) for name in PARTITIONS])
        convert_to_deltalake(silver, partition_by=keys, partition_strategy="hive")
    else:
        rows = con.sql(query).to_arrow_reader(ROWS_A_BATCH)
        write_deltalake(silver, rows, mode="overwrite", partition_by=PARTITIONS)
    con.close()
    steps = {"silver": time.perf_counter() - begun}
    if not silver_only:
        begun = time.perf_counter()
        con = connect(target, str(target / "marts.duckdb"))
        con.load_extension(extension_file("delta"))
        con.execute(f"create temp view silver as select * from delta_scan('{target}/silver')")
        marts = (HERE / "marts.sql").read_text(encoding="utf-8")
        con.execute(marts.replace("{costs}", SUMS).replace("{seeds}", str(DBT_DIR / "seeds")))
        con.close()
        steps["marts"] = time.perf_counter() - begun
    print(json.dumps({"steps": steps}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), "--silver-only" in sys.argv, "--copy" in sys.argv)
