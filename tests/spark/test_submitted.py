"""As on EMR: spark-submit starts finlake's command line in its driver, and finlake takes the Spark that it is given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyspark

from finlake.paths import PROJECT_ROOT
from tests.pipeline import ingesting


def test_a_submitted_command_writes_the_same_silver(
    sources: list[Path], duckdb_lake: Path, tmp_path: Path
) -> None:
    source, lake = next(path for path in sources if path.name == "cur2_parquet"), tmp_path / "lake"
    home = Path(pyspark.__file__).parent
    command = [home / "bin" / "spark-submit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    command += [PROJECT_ROOT / "pipeline" / "emr_entry.py", "ingest", "--lake", lake, "--source", source]
    environment = {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "FINLAKE_ENGINE": "spark"}
    done = subprocess.run(
        list(map(str, command)),
        env=os.environ | environment | {"PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = ingesting.silver(lake, "billing_line_items")
    exports = set(found["export_id"].to_pylist())
    wanted = [
        row
        for row in ingesting.silver(duckdb_lake, "billing_line_items").to_pylist()
        if row["export_id"] in exports
    ]
    assert found.num_rows and ingesting.multiset(found) == ingesting.multiset(
        found.from_pylist(wanted, schema=found.schema)
    )
