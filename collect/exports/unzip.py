"""Legacy CUR with compression ZIP: each file is an archive of one CSV. Unpacked at the door, whole or not at all."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from collect.source import CHUNK
from finlake.errors import DeliveryRefused


def unzipped(files: Sequence[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """The delivery's files (key as delivered, local copy), each .zip replaced by a csv.gz of what it holds.

    Raises DeliveryRefused for an archive that is damaged, cut off, encrypted, or holds anything but one file.
    """
    return [(key, _unzipped(key, path) if key.endswith(".zip") else path) for key, path in files]


def _unzipped(key: str, path: Path) -> Path:
    target = path.with_suffix(".csv.gz")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) != 1:
                names = ", ".join(info.filename for info in members[:5])
                raise DeliveryRefused.of("zip_members", where=key, count=len(members), files=names or "-")
            with archive.open(members[0]) as reader, gzip.open(target, "wb", compresslevel=1) as writer:
                shutil.copyfileobj(reader, writer, CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise DeliveryRefused.of("zip_damaged", where=key, detail=str(error)) from error
    path.unlink()
    return target
