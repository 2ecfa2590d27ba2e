"""Files and S3 objects under one roof: read, write at once, list, move. Paths are absolute local paths or s3://bucket/key.

S3 is reached with the usual AWS environment (credentials, AWS_REGION, AWS_ENDPOINT_URL). Only the lake's own prefix is written.
"""

from __future__ import annotations

import os
import shutil
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from pyarrow import fs


def is_s3(location: str) -> bool:
    return location.startswith("s3://")


def absolute(location: str) -> str:
    """The location without a trailing slash; local ones absolute, symlinks left as they are."""
    return location.rstrip("/") if is_s3(location) else str(Path(location).expanduser().absolute())


def filesystem(location: str) -> tuple[fs.FileSystem, str]:
    """The Arrow filesystem of a location, and the location in that filesystem's own spelling."""
    if not is_s3(location):
        return fs.LocalFileSystem(), location
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return _s3(endpoint, region), location.removeprefix("s3://")


@cache
def _s3(endpoint: str | None, region: str | None) -> fs.S3FileSystem:
    options: dict[str, Any] = {"region": region}
    if endpoint:
        scheme, _, host = endpoint.partition("://")
        options |= {"endpoint_override": host.rstrip("/"), "scheme": scheme}
    return fs.S3FileSystem(**{key: value for key, value in options.items() if value})


def delta_options(location: str) -> dict[str, str]:
    """Storage options for delta-rs: commits on S3 go by conditional put."""
    if not is_s3(location):
        return {}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    plain = {"aws_endpoint_url": endpoint, "aws_allow_http": "true"} if endpoint else {}
    return {"aws_conditional_put": "etag", **plain}


def exists(location: str) -> bool:
    system, path = filesystem(location)
    return bool(system.get_file_info(path).type != fs.FileType.NotFound)


def names(location: str) -> list[str]:
    """Names directly inside a folder or prefix; empty where it doesn't exist."""
    system, path = filesystem(location)
    selector = fs.FileSelector(path, allow_not_found=True)
    try:
        return [info.base_name for info in system.get_file_info(selector)]
    except FileNotFoundError:
        return []  # another process made it between Arrow's listing and its look whether it exists


def read(location: str) -> bytes:
    """The whole object. Raises FileNotFoundError."""
    system, path = filesystem(location)
    with system.open_input_stream(path) as stream:
        return bytes(stream.read())


def write_atomically(location: str, data: bytes) -> None:
    """Replace an object so that a reader sees the old or the new one: rename over it locally, one PUT on S3."""
    if is_s3(location):
        system, path = filesystem(location)
        with system.open_output_stream(path) as stream:
            stream.write(data)
        return
    target = Path(location)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    with temporary.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(target)


def remove(location: str) -> None:
    """Remove one file or object of the lake where it is there."""
    if not is_s3(location):
        Path(location).unlink(missing_ok=True)
    elif exists(location):
        system, path = filesystem(location)
        system.delete_file(path)


def write_new(location: str, data: bytes) -> None:
    """Write an object where there is none; of several that try at once the first one's stays."""
    if is_s3(location):
        return _put_new(location, data)
    target = Path(location)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    while not target.exists():
        temporary.write_bytes(data)
        try:
            target.hardlink_to(temporary)
        except (FileExistsError, FileNotFoundError):
            continue  # another was first, and its clean-up may take what is temporary
        except OSError:
            temporary.replace(target)  # a file system without links
    temporary.unlink(missing_ok=True)


def _put_new(location: str, data: bytes) -> None:
    """A conditional PUT: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html."""
    import boto3
    from botocore.exceptions import ClientError

    bucket, _, key = location.removeprefix("s3://").partition("/")
    while True:
        try:
            boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*")
            return
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "PreconditionFailed":
                return
            if code != "ConditionalRequestConflict":  # that one met another PUT that may yet fail: ask again
                raise


def put_file(source: Path, location: str) -> None:
    """Bring a local file to its place in the lake: renamed where it can be, copied otherwise."""
    if is_s3(location):
        system, path = filesystem(location)
        with source.open("rb") as reader, system.open_output_stream(path) as writer:
            shutil.copyfileobj(reader, writer, 8 << 20)
        source.unlink()
        return
    target = Path(location)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
