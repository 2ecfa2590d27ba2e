"""Where AWS delivers to: a local folder or an S3 bucket, read only.

A source lists and reads objects, and copies named ones while it proves that nothing moved under the reader.
"""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from finlake import objects
from finlake.errors import NotFound

CHUNK = 4 << 20
CUT_OFF = "cut off"
TRIES = 5
"""How often a body may break off without one more byte."""


@dataclass(frozen=True)
class Stat:
    """What a listing says of an object: size in bytes, ETag (or size and mtime for a local file), last change in UTC.

    Two are equal where key, size and ETag are: S3's list and head give the same instant to different precision.
    """

    key: str
    size: int
    etag: str
    modified_at: datetime = field(compare=False)


@dataclass(frozen=True)
class Copied:
    """A file that was copied: its size in bytes and the SHA-256 of its content."""

    key: str
    size: int
    sha256: str


class MovedUnderReader(Exception):
    """The object changed or vanished between its listing and the end of the copy."""


class Source(Protocol):
    """Read-only access to delivered objects; keys are relative to the source's root. A copy without a target is only hashed."""

    @property
    def root(self) -> str: ...
    def listing(self, wanted: Callable[[str], bool]) -> Iterator[Stat]: ...
    def stat(self, key: str) -> Stat | None: ...
    def read(self, stat: Stat) -> bytes: ...
    def copy(self, stat: Stat, target: Path | None, progress: Callable[[int], None]) -> Copied: ...


def open_source(location: str) -> Source:
    """The source at a local folder or s3://bucket/prefix. Raises NotFound where it can't be listed."""
    if objects.is_s3(location):
        return S3Source(location)
    root = Path(location).expanduser().absolute()
    if not root.is_dir():
        raise NotFound.of("source_missing", where=str(root))
    return LocalSource(str(root))


@dataclass(frozen=True)
class LocalSource:
    """A folder that mirrors a bucket."""

    root: str

    def listing(self, wanted: Callable[[str], bool]) -> Iterator[Stat]:
        """The objects whose name (last part of the key) is wanted."""
        for folder, folders, files in os.walk(self.root):
            folders.sort()
            for name in sorted(files):
                if wanted(name):
                    stat = self.stat(str(Path(folder, name).relative_to(self.root)))
                    if stat:
                        yield stat

    def stat(self, key: str) -> Stat | None:
        path = Path(self.root, key)
        if not path.is_file():
            return None
        info = path.stat()
        return Stat(key, info.st_size, f"{info.st_size}-{info.st_mtime_ns}", _from_epoch(info.st_mtime))

    def read(self, stat: Stat) -> bytes:
        try:
            return Path(self.root, stat.key).read_bytes()
        except FileNotFoundError:
            raise MovedUnderReader(stat.key) from None

    def copy(self, stat: Stat, target: Path | None, progress: Callable[[int], None]) -> Copied:
        try:
            with Path(self.root, stat.key).open("rb") as reader:
                copied = _write(stat.key, iter(lambda: reader.read(CHUNK), b""), target, progress)
        except FileNotFoundError:
            raise MovedUnderReader(stat.key) from None
        if self.stat(stat.key) != stat or copied.size != stat.size:
            raise MovedUnderReader(stat.key)
        return copied


class S3Source:
    """A bucket or a prefix of one. Uses list, head and get only, each get with If-Match."""

    def __init__(self, location: str) -> None:
        import boto3
        from botocore.config import Config

        self.root = location.rstrip("/")
        self.bucket, _, prefix = self.root.removeprefix("s3://").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))

    def listing(self, wanted: Callable[[str], bool]) -> Iterator[Stat]:
        """The objects whose name (last part of the key) is wanted. Raises NotFound where the bucket can't be listed."""
        from botocore.exceptions import ClientError

        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            ):
                for item in page.get("Contents", []):
                    if wanted(item["Key"].rpartition("/")[2]):
                        yield self._stat(item["Key"].removeprefix(self.prefix), item["Size"], item)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise
            raise NotFound.of("bucket_unlistable", where=self.root, detail=str(error)) from error

    def stat(self, key: str) -> Stat | None:
        from botocore.exceptions import ClientError

        try:
            head = self._client.head_object(Bucket=self.bucket, Key=self.prefix + key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return self._stat(key, head["ContentLength"], head)

    def read(self, stat: Stat) -> bytes:
        return b"".join(self._chunks(stat))

    def copy(self, stat: Stat, target: Path | None, progress: Callable[[int], None]) -> Copied:
        copied = _write(stat.key, self._chunks(stat), target, progress)
        if copied.size != stat.size:
            raise MovedUnderReader(stat.key)
        return copied

    def _chunks(self, stat: Stat) -> Iterator[bytes]:
        """The object's bytes. botocore repeats a request, but not a body that breaks off: that goes on from where it broke, of
        the same ETag. Raises botocore's error where it breaks TRIES times without one more byte."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        done, tries = 0, 0
        while True:
            try:
                for chunk in self._body(stat, done):
                    done, tries = done + len(chunk), 0
                    yield chunk
                return
            except (HTTPClientError, IncompleteReadError):
                tries += 1
                if tries == TRIES:
                    raise
                time.sleep(0.2 * 2**tries)

    def _body(self, stat: Stat, start: int) -> Iterator[bytes]:
        from botocore.exceptions import ClientError

        rest = {"Range": f"bytes={start}-"} if start else {}
        if start and start >= stat.size:
            return
        try:
            answer = self._client.get_object(
                Bucket=self.bucket, Key=self.prefix + stat.key, IfMatch=stat.etag, **rest
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "NoSuchKey", "412", "404"}:
                raise MovedUnderReader(stat.key) from None
            raise
        yield from answer["Body"].iter_chunks(CHUNK)

    def _stat(self, key: str, size: int, item: dict[str, Any]) -> Stat:
        return Stat(key, size, item["ETag"], item["LastModified"].astimezone(UTC))


def _write(key: str, chunks: Iterator[bytes], target: Path | None, progress: Callable[[int], None]) -> Copied:
    digest, size = hashlib.sha256(), 0
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") if target else nullcontext() as writer:
        for chunk in chunks:
            if writer:
                writer.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            progress(len(chunk))
    return Copied(key, size, digest.hexdigest())


def gzip_fault(path: Path) -> str | None:
    """Unpack a gzip file to nowhere: CUT_OFF, zlib's words, or None where it is whole. Some readers stop silently at a cut."""
    unpacker = zlib.decompressobj(wbits=31)
    with path.open("rb") as reader:
        while chunk := reader.read(CHUNK):
            while chunk:
                try:
                    unpacker.decompress(chunk)
                except zlib.error as error:
                    return str(error)
                chunk = unpacker.unused_data
                if unpacker.eof and chunk:
                    unpacker = zlib.decompressobj(wbits=31)
    return None if unpacker.eof else CUT_OFF


def _from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
