"""A delivered month as one DataFrame with all its columns, as awswrangler makes it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.peers.raw import Files


def read(files: Files) -> pd.DataFrame:
    """Columns of CUR 2.0: text as objects, amounts as float64, instants as datetime64, maps as lists of (key, value)."""
    return _read_parquet(files.paths) if files.layout == "cur2" else _read_csv(files)


def _read_parquet(paths: tuple[Path, ...]) -> pd.DataFrame:
    """What `awswrangler.s3.read_parquet(path, use_threads=True)` does after the download, with its arguments."""
    with ThreadPoolExecutor() as threads:
        tables = list(
            threads.map(
                lambda path: pq.ParquetFile(path).read(use_threads=False, use_pandas_metadata=False), paths
            )
        )
    table = pa.concat_tables(tables, promote_options="default")
    del tables
    return table.to_pandas(use_threads=True, split_blocks=True, self_destruct=True, ignore_metadata=False)


def _read_csv(files: Files) -> pd.DataFrame:
    """`awswrangler.s3.read_csv` is `pandas.read_csv`. The parser that rounds correctly is asked for: these are amounts."""
    numbers = {legacy for _, kind, legacy in files.plain if kind == "double" and legacy}
    kinds = {name: float if name in numbers else object for name in files.header}
    delivered = pd.concat(
        [
            pd.read_csv(
                path, dtype=kinds, float_precision="round_trip", keep_default_na=False, na_values=[""]
            )
            for path in files.paths
        ],
        ignore_index=True,
    )
    found = {}
    for name, kind, legacy in files.plain:
        values = delivered[legacy] if legacy else pd.Series(None, index=delivered.index, dtype=object)
        found[name] = pd.to_datetime(values).dt.tz_localize(None) if kind == "timestamp" else values
    for name, entries in files.entries.items():
        columns = [delivered[legacy].tolist() for legacy in entries.values()]
        keys = list(entries)
        found[name] = pd.Series(
            [
                [(key, value) for key, value in zip(keys, row, strict=True) if isinstance(value, str)]
                for row in zip(*columns, strict=True)
            ]
        )
    return pd.DataFrame(found)
