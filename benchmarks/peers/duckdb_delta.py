"""Peer (b): DuckDB reads the files, one query makes silver, delta-rs writes it; the marts are plain tables over it.

Usage: python -m benchmarks.peers.duckdb_delta SOURCE_FOLDER TARGET_FOLDER [--silver-only]
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb
from deltalake import write_deltalake

from benchmarks.peers.rules import SUMS, resource_type_branches, service_case
from finlake.catalogue import Catalogue
from finlake.engines.duckdb import extension_file

HERE = Path(__file__).parent


def main(source: Path, target: Path, silver_only: bool) -> None:
    begun, spent = time.perf_counter(), time.process_time()
    con = duckdb.connect()
    con.execute(
        f"set TimeZone='UTC'; set preserve_insertion_order=false; set temp_directory='{target}/spill'"
    )
    catalogue = Catalogue.load()
    services = [(s.service, s.title, s.category.value) for s in catalogue.services.values()]
    con.execute("create table services (service varchar, title varchar, category varchar)")
    con.executemany("insert into services values (?, ?, ?)", services)
    con.execute(
        f"create view raw as select * from read_parquet('{source}/**/*.parquet', hive_partitioning=false)"
    )
    con.execute(
        "create table service_of as with kinds as (select distinct "
        "coalesce(nullif(trim(line_item_product_code), ''), '(none)') as product_code, "
        "nullif(trim(line_item_usage_type), '') as usage_type, nullif(trim(line_item_operation), '') as operation, "
        "nullif(trim(bill_billing_entity), '') as billing_entity from raw) "
        f"select *, from (select *, {service_case(catalogue)} as service from kinds) left join services using (service)"
    )
    silver = (HERE / "silver.sql").read_text().replace("{resource_types}", resource_type_branches(catalogue))
    rows = con.sql(silver).to_arrow_reader(100_000)
    write_deltalake(
        str(target / "silver"), rows, mode="overwrite", partition_by=["export_id", "billing_period"]
    )
    steps = {"silver": time.perf_counter() - begun}
    cpu = {"silver": time.process_time() - spent}
    if not silver_only:
        con.close()
        begun, spent = time.perf_counter(), time.process_time()
        con = duckdb.connect(str(target / "marts.duckdb"))
        con.execute(
            f"set TimeZone='UTC'; set preserve_insertion_order=false; set temp_directory='{target}/spill'"
        )
        con.load_extension(extension_file("delta"))
        con.execute(f"create temp view silver as select * from delta_scan('{target}/silver')")
        con.execute((HERE / "marts.sql").read_text().replace("{costs}", SUMS))
        steps["marts"] = time.perf_counter() - begun
        cpu["marts"] = time.process_time() - spent
    con.close()
    print(json.dumps({"steps": steps, "cpu_seconds": cpu}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), "--silver-only" in sys.argv)
