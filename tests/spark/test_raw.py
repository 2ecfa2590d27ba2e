"""Tags and categories in every form and with every oddity that the door lets in: one raw frame on both engines."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finlake.engines.duckdb_engine import DuckDBEngine
from finlake.engines.spark_engine import SparkEngine
from tests.pipeline.test_json_tags import READ
from tests.spark.parity import differing

ODD = [
    *READ,
    '{"a":-0,"b":-0.0,"c":1E-5,"d":1e400,"e":123456789.125}',
    '{"n":' + '[1.5,"x\\n",' * 40 + "1" + "]" * 40 + "}",
    '{"t":"' + '\\"x\\\\' * 4000 + '","a":1.5}',
    '{"z":"\\u0000","":"no key","t":"10:30.5"}',
]
TEXTS, PAIR = pa.map_(pa.string(), pa.string()), pa.struct({"k": pa.string(), "v": pa.string()})
MAPS = [[("user:a", "1"), ("user_a", "2"), ("aws:b", None)], [("z", "1"), ("z", "2")], [], None]
PAIRS = [
    [{"k": "a", "v": "1"}, {"k": "a", "v": "2"}, {"k": None, "v": "3"}, {"k": "user:b", "v": None}],
    None,
]
FORMS = {
    "text": pa.array(ODD),
    "maps": pa.array(MAPS, TEXTS),
    "pairs": pa.array(PAIRS, pa.list_(PAIR)),
    "structs": pa.array(
        [{"user:a": "x", "b": None}, None], pa.struct({"user:a": pa.string(), "b": pa.string()})
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("names", [("Tags", "x_CostCategories"), ("resource_tags", "cost_category")])
def test_both_engines_read_the_same_keys_and_values(
    form: str, names: tuple[str, str], tmp_path: Path, session: object
) -> None:
    file, cells = str(tmp_path / "bronze.parquet"), FORMS[form]
    place = pa.array(range(len(cells)))
    pq.write_table(pa.table({"place": place, **dict.fromkeys(names, cells)}), file)
    duckdb, spark = DuckDBEngine(), SparkEngine()
    first, second = (e.fetch(e.raw([file], {"delivery_id": "d"})) for e in (duckdb, spark))
    duckdb.close()
    assert first.num_rows == len(cells) and differing(first, second) == {}
