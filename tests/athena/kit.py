"""The kit as one thing: moto, Trino and the endpoint, each its own process, and the environment in which finlake finds them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trino.dbapi

from tests.athena import trino as server
from tests.pipeline.s3 import environment, moto, wait_for


@dataclass(frozen=True)
class Kit:
    """Addresses of moto (S3, Glue) and of Athena's endpoint, and Trino's port."""

    s3: str
    athena: str
    trino_port: int

    def environment(self, state: Path) -> dict[str, str]:
        """Variables for finlake, dbt and boto3."""
        return environment(self.s3, state) | {
            "AWS_ENDPOINT_URL_ATHENA": self.athena,
            "AWS_ENDPOINT_URL_GLUE": self.athena,
            "FINLAKE_ATHENA__POLL_SECONDS": "0.1",
        }

    def noted(self) -> list[dict[str, Any]]:
        """Every query so far, oldest first."""
        with urllib.request.urlopen(f"{self.athena}/noted") as answer:
            return list(json.load(answer))

    def trino(self, sql: str) -> list[list[Any]]:
        """Rows of a statement that Trino is asked itself, on the databases of Glue."""
        connection = trino.dbapi.connect(
            "127.0.0.1", self.trino_port, "test", catalog="awsdatacatalog", schema="default"
        )
        return list(connection.cursor().execute(sql).fetchall())

    def calls(self) -> dict[str, int]:
        """How often each operation of Athena and Glue was asked, by finlake, dbt, PyAthena and Trino."""
        with urllib.request.urlopen(f"{self.athena}/calls") as answer:
            return dict(json.load(answer))


@contextlib.contextmanager
def athena(folder: Path) -> Iterator[Kit]:
    """Start all three; what they say lies in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = server.free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with moto(folder / "moto.log") as s3, server.running(folder / "trino", s3, endpoint) as trino_port:
        with (folder / "endpoint.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.athena.endpoint", str(port), str(trino_port), s3]
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(f"{endpoint}/noted", process)
            yield Kit(s3, endpoint, trino_port)
        finally:
            process.terminate()
            process.wait(30)
