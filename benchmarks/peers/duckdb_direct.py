"""Peer (c), the floor: DuckDB sums the delivered files straight into cost_daily and cost_monthly, amounts as doubles.

No silver table and no Delta: columns that neither mart needs are not read. Usage: as duckdb_delta.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.peers.query import ROUNDED, connect, silver_of
from benchmarks.peers.raw import files_below
from benchmarks.peers.rules import COSTS, SUMS

DAILY = (
    *(
        "billing_period",
        "usage_date",
        "payer_id",
        "account_id",
        "service",
        "service_name",
        "service_category",
    ),
    *("region", "charge_category", "pricing_category"),
    *("env", "team", "app", "cost_center", "business_unit", "currency"),
)
MONTHLY = (
    *("billing_period", "payer_id", "account_id", "product_code", "service_name", "charge_type", "currency"),
)
MARTS = {"cost_daily": DAILY, "cost_monthly": MONTHLY}


def main(source: Path, target: Path) -> None:
    begun = time.perf_counter()
    con = connect(target, str(target / "marts.duckdb"))
    lines = silver_of(con, files_below(source), ROUNDED)
    keys = ", ".join(dict.fromkeys((*DAILY, *MONTHLY)))
    # The files are read once, for both marts.
    con.execute(
        f"create temp table sums as select {keys}, {SUMS}, count(*) as line_count from ({lines}) group by all"
    )
    steps = {"read and sum": time.perf_counter() - begun}
    begun = time.perf_counter()
    costs = ", ".join(f"sum({name})::decimal(38, 12) as {name}" for name in COSTS)
    for name, grain in MARTS.items():
        con.execute(
            f"create or replace table {name} as select {', '.join(grain)}, {costs}, "
            "sum(line_count)::bigint as line_count from sums group by all"
        )
    con.close()
    steps["marts"] = time.perf_counter() - begun
    print(json.dumps({"steps": steps}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
