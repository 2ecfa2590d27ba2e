"""Files that are damaged or replaced under the reader: refused, or loaded exactly as the bytes say; never half, never a crash."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import shutil
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow.parquet as pq

from tests.faults import scenes
from tests.faults.kit import Case, kind
from tests.faults.scenes import TWELVE, Bucket, Delivery

DAMAGED_AT_ONCE = 8
REFUSED, MOVED = 3, "overwr"


@kind("corrupt")
def corrupt(case: Case) -> None:
    """Eight months are restated, a file of each is damaged; then AWS delivers the whole files."""
    bucket, lake = Bucket(case.folder / "bucket"), case.folder / "lake"
    first = [
        scenes.delivery(case.chance, case.chance.choice(("csv", "cur2")), month, 1)
        for month in scenes.MONTHS[:DAMAGED_AT_ONCE]
    ]
    for version in first:
        bucket.deliver(version)
    case.ingest(lake, bucket.root)
    second = [scenes.restated(case.chance, version, 2) for version in first]
    damaged, has_checksums = dict[tuple[str, str], Path](), dict[tuple[str, str], bool]()
    for version in second:
        has_checksums[version.month] = version.layout == "cur2" and case.chance.random() < 0.5
        damaged[version.month] = _damaged(case, bucket, version, has_checksums[version.month])
    run = case.warm.start("ingest", "--lake", lake, "--source", bucket.root)
    code = run.finish()
    assert code in (0, REFUSED), f"exit {code}: {run.text()[-1500:]}"
    said = run.said()
    refused = {refusal["billing_period"] for refusal in said["refused"]}
    for refusal in said["refused"]:
        assert refusal["what"] and refusal["next_step"] and "Traceback" not in json.dumps(refusal)
    shown = scenes.shown(lake)
    for old, new in zip(first, second, strict=True):
        if old.period not in refused and has_checksums[old.month]:
            assert shown[old.month] == new.costs(), "wrong money from pages with checksums"
        as_before = shown[old.month] == old.costs()
        as_bytes_say = old.period not in refused and shown[old.month] == _costs_in(damaged[old.month])
        assert as_before if old.period in refused else as_bytes_say, (new.month, damaged[old.month])
        case.faults["refused" if old.period in refused else "decodes to other bytes: loaded as they say"] += 1
    for version in second:
        version.write(bucket.root)
    case.ingest(lake, bucket.root)
    bucket.delivered += second
    scenes.assert_shows_newest(lake, bucket)
    case.assert_settled(lake, bucket.root)


def _damaged(case: Case, bucket: Bucket, version: Delivery, with_checksums: bool) -> Path:
    """Deliver a version with one file cut off, or with one to four bits flipped."""
    file = case.chance.choice(version.write(bucket.root))
    if with_checksums:
        pq.write_table(pq.read_table(file, partitioning=None), file, write_page_checksum=True)
    whole = file.read_bytes()
    content = damage(case.chance, whole)
    while content == whole:
        content = damage(case.chance, whole)
    file.write_bytes(content)
    case.faults[f"{'truncated' if len(content) < len(whole) else 'bits flipped in'} {version.layout}"] += 1
    return file


def damage(chance: random.Random, content: bytes) -> bytes:
    if chance.random() < 0.3:
        return content[: chance.randrange(len(content))]
    flipped = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _costs_in(file: Path) -> list[Decimal]:
    """Unblended costs as an independent reader finds them in the damaged bytes."""
    if file.suffix == ".gz":
        rows = csv.DictReader(io.StringIO(gzip.decompress(file.read_bytes()).decode()))
        texts = [row["lineItem/UnblendedCost"] for row in rows]
    else:
        column = pq.read_table(file, columns=["line_item_unblended_cost"])[0]
        texts = [repr(value) for value in column.to_pylist()]
    return sorted(Decimal(text).quantize(TWELVE, ROUND_HALF_UP) for text in texts)


@kind("replaced")
def replaced_while_read(case: Case) -> None:
    """AWS overwrites a month in place while it is read, its files one by one and the manifest last."""
    bucket, lake = Bucket(case.folder / "bucket"), case.folder / "lake"
    old = scenes.delivery(case.chance, "csv", "2026-03", 1, 2)
    bucket.deliver(old)
    files = old.write(bucket.root)
    new = replace(scenes.restated(case.chance, old, 1), files=len(files))
    fresh = [f for f in new.write(case.folder / "new")]
    pairs = [[str(source), str(place)] for source, place in zip(fresh, files, strict=True)]
    when, number = case.chance.choice(("before", "while", "after")), case.chance.randint(1, len(files))
    said = {
        "when": when,
        "number": number,
        "atomically": case.chance.random() < 0.5,
        "files": pairs[: case.chance.randint(1, len(pairs))],
    }
    run = case.warm.start("ingest", "--lake", lake, "--source", bucket.root, hooks={"replace": said})
    code = run.finish()
    case.faults[f"replaced {when} the copy"] += 1
    if code == REFUSED:
        assert "overwrote" in run.text() or "changed" in run.text(), run.text()[-800:]
        assert not (lake / "silver" / "billing_line_items").exists() or not scenes.shown(lake)
        case.faults["refused, to be read again"] += 1
    else:
        assert code == 0, f"exit {code}: {run.text()[-1500:]}"
        assert scenes.shown(lake) == {old.month: old.costs()}, "a mix of two versions was loaded"
    shutil.copytree(case.folder / "new", bucket.root, dirs_exist_ok=True, copy_function=shutil.copyfile)
    bucket.delivered = [new]
    case.ingest(lake, bucket.root)
    scenes.assert_shows_newest(lake, bucket)
    case.assert_settled(lake, bucket.root)


@kind("half_overwritten")
def found_half_overwritten(case: Case) -> None:
    """An ingest comes between two files of an overwrite, old manifest still there: nothing tells; the next run repairs it."""
    bucket, lake = Bucket(case.folder / "bucket"), case.folder / "lake"
    old = scenes.delivery(case.chance, "csv", "2026-03", 1, 2)
    files = old.write(bucket.root)
    new = scenes.restated(case.chance, old, 1)
    fresh = new.write(case.folder / "new")
    shutil.copyfile(fresh[0], files[0])
    case.ingest(lake, bucket.root)
    case.faults["found half overwritten"] += 1
    shutil.copytree(case.folder / "new", bucket.root, dirs_exist_ok=True, copy_function=shutil.copyfile)
    bucket.delivered = [new]
    case.ingest(lake, bucket.root)
    scenes.assert_shows_newest(lake, bucket)
    case.assert_settled(lake, bucket.root)
