"""How DuckDB reaches a lake on S3: a secret made of the usual AWS environment, in memory only."""

from __future__ import annotations

import os

import boto3
import duckdb

from finlake.errors import ConfigurationError


def add_secret(con: duckdb.DuckDBPyConnection) -> None:
    """Give the connection the credentials that boto3 finds: environment, profile or role.

    They stay in memory. `httpfs` must be loaded. Region and endpoint come from AWS_REGION and
    AWS_ENDPOINT_URL, as for other tools. Raises ConfigurationError where there are no credentials.
    """
    session = boto3.Session()
    found = session.get_credentials()
    if found is None:
        raise ConfigurationError.of("lake_credentials_missing")
    keys = found.get_frozen_credentials()
    parts = {"key_id": keys.access_key, "secret": keys.secret_key, "session_token": keys.token}
    parts |= {"region": session.region_name or os.environ.get("AWS_REGION")}
    options = [f"{name} {_text(value)}" for name, value in parts.items() if value]
    con.execute(
        f"create or replace secret lake (type s3, provider config, {', '.join(options + _endpoint())})"
    )


def _endpoint() -> list[str]:
    """Options for an S3 that isn't AWS's own, addressed by path."""
    url = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        return []
    scheme, _, host = url.partition("://")
    return [
        f"endpoint {_text(host.rstrip('/'))}",
        "url_style 'path'",
        f"use_ssl {str(scheme == 'https').lower()}",
    ]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
