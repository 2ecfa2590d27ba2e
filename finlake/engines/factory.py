"""The only place that knows which engines there are."""

from __future__ import annotations

from finlake.engines.protocol import Engine


def open_engine(name: str, lake: str = "", remote: str | None = None) -> Engine:
    """The engine of that name for a lake (its root). `remote`: a Spark Connect server (sc://host:port) for engine spark.

    Nothing is started before the engine's first relation. Raises ConfigurationError then, where Java or JARs are missing.
    """
    if name == "spark":
        from finlake.engines.spark_engine import SparkEngine

        return SparkEngine(lake, remote)
    from finlake.engines.duckdb_engine import DuckDBEngine

    return DuckDBEngine(lake)
