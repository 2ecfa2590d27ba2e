"""Manifests: what AWS says it delivered. The format is recognised from the manifest's own words, never from a flag.

Layouts: AWS CUR user guide, «Accessing your reports»; AWS Data Exports user guide, «Understanding export delivery».
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from collect.source import Stat
from finlake.errors import DeliveryRefused

_CUR1_INSTANT = re.compile(r"^(\d{4})(\d{2})(\d{2})T\d{6}")
_CUR1_ASSEMBLY_TIME = re.compile(r"^(\d{8}T\d{6})Z$")
_CUR1_PERIOD_FOLDER = re.compile(r"^\d{8}-\d{8}$")
_CUR2_PERIOD_FOLDER = re.compile(r"^billing_period=(\d{4}-\d{2})$", re.IGNORECASE)
_CUR2_EXECUTION_TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})")
_PERIOD = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
MOVED = "file_replaced"


def is_manifest(name: str) -> bool:
    """Whether an object's name is one that AWS gives to manifests."""
    return name.endswith("Manifest.json")


@dataclass(frozen=True)
class Manifest:
    """One manifest: which export, which billing period (YYYY-MM), which version, and the files it names.

    `source_format` is cur1, cur2, focus, or other for an export that is no bill; `file_format` csv or parquet; `keys` are
    bucket keys as AWS wrote them;
    `is_pointer` is True for the copy in the period's own folder, which AWS overwrites with each delivery.
    """

    stat: Stat
    source_format: str
    file_format: str
    export_id: str
    account_id: str
    billing_period: str
    version_id: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    delivered_at: datetime
    dated: bool
    is_pointer: bool

    @property
    def bronze_table(self) -> str:
        return f"{self.source_format}_{self.file_format}"


def parse(stat: Stat, content: bytes) -> Manifest:
    """Read one manifest. Raises DeliveryRefused, which names the file and the reason, where it makes no sense."""
    try:
        document = json.loads(content)
        if "reportKeys" in document:
            return _cur1(stat, document)
        if "dataFiles" in document:
            return _data_export(stat, document)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DeliveryRefused.of("manifest_no_json", where=stat.key, detail=str(error)) from error
    except KeyError as error:
        raise DeliveryRefused.of("manifest_lacks", where=stat.key, key=str(error.args[0])) from error
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise DeliveryRefused.of("manifest_unreadable", where=stat.key, detail=str(error)) from error
    raise DeliveryRefused.of("manifest_of_nothing", where=stat.key)


def moved(where: str) -> DeliveryRefused:
    """The error of a delivery that AWS overwrote while it was read."""
    return DeliveryRefused.of(MOVED, where=where)


def _cur1(stat: Stat, document: dict[str, Any]) -> Manifest:
    version, name, account = document["assemblyId"], document["reportName"], str(document["account"])
    keys = tuple(_safe(stat, key.lstrip("/")) for key in document["reportKeys"])
    assembled = _CUR1_ASSEMBLY_TIME.match(version)
    at = (
        datetime.strptime(assembled[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        if assembled
        else stat.modified_at
    )
    prefix = keys[0].partition(f"/{name}/")[0] if keys and f"/{name}/" in keys[0] else ""
    otherwise = "parquet" if "parquet" in str(document.get("compression", "")).lower() else "csv"
    return Manifest(
        stat=stat,
        source_format="cur1",
        file_format=_file_format(stat, keys, otherwise),
        export_id=_export_id("cur1", account, name, f"{document.get('bucket', '')}/{prefix}"),
        account_id=account,
        billing_period=_cur1_period(stat, document["billingPeriod"]),
        version_id=version,
        keys=keys,
        columns=tuple(f"{c['category']}/{c['name']}" for c in document.get("columns", [])),
        delivered_at=at,
        dated=bool(assembled),
        is_pointer=bool(_CUR1_PERIOD_FOLDER.match(PurePosixPath(stat.key).parent.name)),
    )


def _cur1_period(stat: Stat, period: dict[str, str]) -> str:
    start, end = _CUR1_INSTANT.match(period["start"]), _CUR1_INSTANT.match(period["end"])
    if not start or not end:
        raise DeliveryRefused.of("period_no_time", where=stat.key, start=period["start"], end=period["end"])
    month = f"{start[1]}-{start[2]}"
    if not _PERIOD.match(month):
        said = {"start": period["start"], "end": period["end"], "month": start[2]}
        raise DeliveryRefused.of("period_no_month", where=stat.key, **said)
    if end[0] <= start[0]:
        raise DeliveryRefused.of("period_backwards", where=stat.key, start=period["start"], end=period["end"])
    return month


def _data_export(stat: Stat, document: dict[str, Any]) -> Manifest:
    arn, execution = document["exportArn"], document["executionId"]
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    columns = tuple(str(c["name"]) for c in document.get("columns", []))
    keys = tuple(_safe(stat, _bucket_key(file)) for file in document["dataFiles"])
    folders = PurePosixPath(stat.key).parts[:-1]
    periods = [match[1] for part in folders if (match := _CUR2_PERIOD_FOLDER.match(part))]
    if not periods or not _PERIOD.match(periods[-1]):
        raise DeliveryRefused.of("period_unnamed", where=stat.key)
    started = _CUR2_EXECUTION_TIME.match(folders[-1])
    at = _execution_time(started) if started else _execution_time_of(keys) or stat.modified_at
    source_format = _source_format(columns)
    return Manifest(
        stat=stat,
        source_format=source_format,
        file_format=_file_format(stat, keys, "csv"),
        export_id=_export_id(source_format, account, name, arn),
        account_id=account,
        billing_period=periods[-1],
        version_id=execution,
        keys=keys,
        columns=columns,
        delivered_at=at,
        dated=at is not stat.modified_at,
        is_pointer=bool(_CUR2_PERIOD_FOLDER.match(folders[-1])),
    )


def _source_format(columns: tuple[str, ...]) -> str:
    """Which of AWS's Data Exports these columns are of; `other` for one that is no bill (recommendations, carbon)."""
    if {"BilledCost", "EffectiveCost"} & set(columns):
        return "focus"
    is_bill = not columns or any(name.startswith(("line_item_", "bill_")) for name in columns)
    return "cur2" if is_bill else "other"


def _file_format(stat: Stat, keys: tuple[str, ...], otherwise: str) -> str:
    """csv or parquet by the names of the files; `otherwise` where the manifest names none."""
    formats = sorted({"parquet" if key.endswith(".parquet") else "csv" for key in keys})
    if len(formats) > 1:
        raise DeliveryRefused.of("formats_mixed", where=stat.key, formats=", ".join(formats))
    return formats[0] if formats else otherwise


def _execution_time_of(keys: tuple[str, ...]) -> datetime | None:
    """The execution's start, from the folder of the files that a period's own manifest names."""
    started = _CUR2_EXECUTION_TIME.match(PurePosixPath(keys[0]).parent.name) if keys else None
    return _execution_time(started) if started else None


def _execution_time(match: re.Match[str]) -> datetime:
    return datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3]}:{match[4]}+00:00")


def _bucket_key(file: str) -> str:
    return file.removeprefix("s3://").partition("/")[2] if file.startswith("s3://") else file.lstrip("/")


def _safe(stat: Stat, key: str) -> str:
    if not key or ".." in PurePosixPath(key).parts:
        raise DeliveryRefused.of("manifest_outside", where=stat.key, file=repr(key))
    return key


def _export_id(source_format: str, account: str, name: str, identity: str) -> str:
    digest = hashlib.sha256(f"{source_format}|{account}|{name}|{identity}".encode()).hexdigest()[:6]
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", f"{source_format}-{account}-{name}").strip("-")
    return f"{readable}-{digest}"
