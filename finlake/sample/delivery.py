"""Where a delivery's files go and what its manifest says, as AWS lays out both exports. Pure.

Layouts: https://docs.aws.amazon.com/cur/latest/userguide/access-cur-s3.html (legacy, new report versions) and
https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html (CUR 2.0, create new).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from finlake.sample import chance, months
from finlake.sample.facts import Organisation, Payer, columns
from finlake.sample.plan import Edition, payer_of

MANIFEST_TYPES = {
    "string": "string",
    "double": "double",
    "timestamp": "timestamp_milliseconds",
    "map_string": "map<string,string>",
    "map_double": "map<string,double>",
}
UUID_UNTIL = -7  # assembly ids are UUIDs up to this month, and timestamps after it


@dataclass(frozen=True)
class Delivery:
    """Keys below the payer's bucket: data folder, manifest that stays, manifest that is overwritten."""

    id: str
    data: str
    own_manifest: str
    top_manifest: str
    suffix: str

    def data_key(self, export: str, number: int) -> str:
        """Key of the n-th data file, from 1."""
        return f"{self.data}/{export}-{self.suffix.format(n=number)}"


def of(org: Organisation, edition: Edition) -> Delivery:
    """Where the edition is delivered."""
    payer = payer_of(org, edition)
    make = _of_cur2 if payer.format == "cur2" else _of_cur1
    return make(payer, edition)


def manifest(org: Organisation, edition: Edition, keys: list[str], header: list[str]) -> dict[str, Any]:
    """The manifest of the edition; `header`: columns of a legacy CUR's files (CUR 2.0's are fixed)."""
    payer = payer_of(org, edition)
    delivery = of(org, edition)
    if payer.format == "cur2":
        arn = f"arn:aws:bcm-data-exports:us-east-1:{payer.account}:export/{payer.export}"
        return {
            "executionId": delivery.id,
            "exportArn": f"{arn}-{chance.hexadecimal(8, edition.seed, payer.export)}",
            "columns": [{"name": each.name, "type": MANIFEST_TYPES[each.type]} for each in columns()],
            "dataFiles": [f"s3://{payer.bucket}/{key}" for key in keys],
            "additionalOutputFiles": [],
        }
    return {
        "assemblyId": delivery.id,
        "account": payer.account,
        "columns": [dict(zip(("category", "name"), name.split("/", 1), strict=True)) for name in header],
        "charset": "UTF-8",
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportId": chance.hexadecimal(16, edition.seed, payer.export),
        "reportName": payer.export,
        "billingPeriod": {
            "start": f"{months.start(edition.month):%Y%m%dT%H%M%S}.000Z",
            "end": f"{months.end(edition.month):%Y%m%dT%H%M%S}.000Z",
        },
        "bucket": payer.bucket,
        "reportKeys": keys,
        "additionalArtifactKeys": [],
    }


def _of_cur2(payer: Payer, edition: Edition) -> Delivery:
    run = chance.uuid(edition.seed, "execution", edition.payer, edition.delivered_at)
    root = f"{payer.prefix}/{payer.export}"
    period = f"BILLING_PERIOD={edition.month}"
    folder = f"{period}/{edition.delivered_at:%Y-%m-%dT%H-%M-%S}.000Z-{run}"
    name = f"{payer.export}-Manifest.json"
    return Delivery(
        id=run,
        data=f"{root}/data/{folder}",
        own_manifest=f"{root}/metadata/{folder}/{name}",
        top_manifest=f"{root}/metadata/{period}/{name}",
        suffix="{n:05d}.snappy.parquet",
    )


def _of_cur1(payer: Payer, edition: Edition) -> Delivery:
    stamp = f"{edition.delivered_at:%Y%m%dT%H%M%SZ}"
    assembly = chance.uuid(edition.seed, "assembly", stamp) if edition.offset <= UUID_UNTIL else stamp
    period = f"{months.start(edition.month):%Y%m%d}-{months.end(edition.month):%Y%m%d}"
    root = f"{payer.prefix}/{payer.export}/{period}"
    name = f"{payer.export}-Manifest.json"
    return Delivery(
        id=assembly,
        data=f"{root}/{assembly}",
        own_manifest=f"{root}/{assembly}/{name}",
        top_manifest=f"{root}/{name}",
        suffix="{n}.csv.gz",
    )
