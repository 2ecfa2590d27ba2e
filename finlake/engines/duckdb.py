"""DuckDB connections: always UTC, with the Delta and S3 extensions that come from the package index, never from the network."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import duckdb

EXTENSIONS = ("delta", "httpfs")
_AWS_SIGNS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL")


def connect(database: str = ":memory:", *, read_only: bool = False, extensions: tuple[str, ...] = EXTENSIONS) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection whose session zone is UTC and whose extensions are loaded from installed packages."""
    con = duckdb.connect(database, read_only=read_only)
    con.execute("SET TimeZone='UTC'")
    for name in extensions:
        con.load_extension(extension_file(name))
    if "httpfs" in extensions and (secret := _s3_secret()):
        con.execute(secret)
    return con


def _s3_secret() -> str:
    """The temporary secret with which DuckDB reads S3, from where boto3 finds credentials; empty where there are none."""
    if not any(name in os.environ for name in _AWS_SIGNS):
        return ""
    import boto3

    session = boto3.Session()
    found = session.get_credentials()
    if found is None:
        return ""
    keys = found.get_frozen_credentials()
    said = {"KEY_ID": keys.access_key, "SECRET": keys.secret_key, "SESSION_TOKEN": keys.token, "REGION": session.region_name}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        scheme, _, host = endpoint.partition("://")
        said |= {"ENDPOINT": host.rstrip("/"), "URL_STYLE": "path", "USE_SSL": str(scheme == "https").lower()}
    options = "".join(f", {key} '{value.replace(chr(39), chr(39) * 2)}'" for key, value in said.items() if value)
    return f"create or replace temporary secret finlake_s3 (type s3{options})"  # no name in it comes from a user


def extension_file(name: str) -> str:
    """Path of an extension binary inside its installed package (`duckdb-extension-<name>`)."""
    package = importlib.import_module(f"duckdb_extension_{name}")
    found = sorted(Path(str(package.__file__)).parent.rglob(f"{name}.duckdb_extension"))
    return str(found[0])
