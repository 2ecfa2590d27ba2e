"""dbt-duckdb plugin: loads the Delta extension from its installed package, so that dbt needs no network.

dbt-duckdb's own `extensions:` setting downloads; this loads the same file as `finlake.engines.duckdb` does.
"""

from __future__ import annotations

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from finlake.engines.duckdb import extension_file
from finlake.engines.s3 import add_secret


class Plugin(BasePlugin):
    """Named in dbt/profiles.yml; dbt-duckdb calls it once for each database that it opens."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Load `delta`; where the lake lies on S3 also `httpfs`, with credentials."""
        conn.load_extension(extension_file("delta"))
        if os.environ.get("FINLAKE_LAKE_ROOT", "").startswith("s3://"):
            conn.load_extension(extension_file("httpfs"))
            add_secret(conn)
