"""How the engines reach a lake on S3: by the usual AWS environment, keys in memory only."""

from __future__ import annotations

import os
from dataclasses import dataclass

import boto3
import duckdb

from finlake.errors import ConfigurationError


@dataclass(frozen=True)
class Access:
    """How S3 is reached: keys in memory, region, and the address of an S3 that isn't AWS's own (None: AWS)."""

    key: str
    secret: str
    token: str | None
    region: str | None
    endpoint: str | None


def access() -> Access:
    """What boto3 finds: environment, profile or role; region and endpoint from AWS_REGION and AWS_ENDPOINT_URL, as for
    other tools. Raises ConfigurationError where there are no credentials."""
    session = boto3.Session()
    found = session.get_credentials()
    if found is None:
        raise ConfigurationError.of("lake_credentials_missing")
    keys = found.get_frozen_credentials()
    return Access(
        key=str(keys.access_key),
        secret=str(keys.secret_key),
        token=keys.token,
        region=session.region_name or os.environ.get("AWS_REGION"),
        endpoint=os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
    )


def add_secret(con: duckdb.DuckDBPyConnection) -> None:
    """Give the connection what `access` finds; it stays in memory. `httpfs` must be loaded. Raises ConfigurationError."""
    found = access()
    parts = {
        "key_id": found.key,
        "secret": found.secret,
        "session_token": found.token,
        "region": found.region,
    }
    options = [f"{name} {_text(value)}" for name, value in parts.items() if value]
    options += _endpoint(found.endpoint) if found.endpoint else []
    con.execute(f"create or replace secret lake (type s3, provider config, {', '.join(options)})")


def _endpoint(url: str) -> list[str]:
    """Options for an S3 that isn't AWS's own, addressed by path."""
    scheme, _, host = url.partition("://")
    return [
        f"endpoint {_text(host.rstrip('/'))}",
        "url_style 'path'",
        f"use_ssl {str(scheme == 'https').lower()}",
    ]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
