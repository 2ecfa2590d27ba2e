"""Deliveries that come twice, late, half, out of order, restated, in other columns than before: the tables of one clean run."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.faults import scenes
from tests.faults.kit import Case, kind
from tests.faults.scenes import Bucket, Delivery
from tests.pipeline.ingesting import silver

DRIFTS = ("add", "drop", "retype", "rename case")
OPTIONAL = ("line_item_line_item_description", "product_region_code", "bill_invoice_id", "x_extra", "x_other")
TYPES = ("string", "float64", "int64")


@kind("delivery")
def odd_delivery(case: Case) -> None:
    """A month is delivered and restated several times, with a whim each time; after the last one all is clean."""
    period, layout = case.chance.choice(scenes.MONTHS), case.chance.choice(("csv", "cur2"))
    versions = [scenes.delivery(case.chance, layout, period, 1, 2 if layout == "csv" else 1)]
    for number in range(2, case.chance.randint(3, 5)):
        versions.append(scenes.restated(case.chance, versions[-1], number))
    case.faults["restatement"] += len(versions) - 1
    arriving = list(versions)
    reordered = case.chance.random() < 0.4
    if reordered:
        case.chance.shuffle(arriving)
        case.faults["reordered"] += arriving != versions
    bucket, lake = Bucket(case.folder / "bucket"), case.folder / "lake"
    for version in arriving:
        whim = case.chance.choice(("plain", "half", "duplicate"))
        if whim == "half":
            half_first(case, bucket, version, lake)
        bucket.deliver(version)
        case.ingest(lake, bucket.root)
        scenes.assert_shows_newest(lake, bucket)
        if whim == "duplicate":
            duplicate(case, bucket, version, lake)
    clean, _ = case.clean_ingest(bucket.root)
    scenes.assert_same(scenes.tables(lake, scenes.ORDER), scenes.tables(clean, scenes.ORDER))
    case.assert_settled(lake, bucket.root)


def half_first(case: Case, bucket: Bucket, version: Delivery, lake: Path) -> None:
    """Only a part is there: files without their manifest, or a manifest whose last file is still missing."""
    case.faults["half delivered"] += 1
    aside = case.folder / "aside"
    shutil.rmtree(aside, ignore_errors=True)
    files = [file.relative_to(aside) for file in version.write(aside)]
    sent = [p.relative_to(aside) for p in sorted(aside.rglob("*")) if p.is_file()]
    with_manifest = case.chance.random() < 0.5
    keep = [p for p in sent if p != files[-1] and (with_manifest or p in files)]
    for part in keep:
        (bucket.root / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(aside / part, bucket.root / part)
    before = scenes.shown(lake) if bucket.delivered else {}
    run = case.warm.start("ingest", "--lake", lake, "--source", bucket.root)
    code = run.finish()
    assert code in ((0, 3) if bucket.delivered else (3, 7)), f"exit {code}: {run.text()[-800:]}"
    if bucket.delivered:
        assert scenes.shown(lake) == before, "half a delivery was shown"


def duplicate(case: Case, bucket: Bucket, version: Delivery, lake: Path) -> None:
    """The same files once more: written anew, or under the id of another execution."""
    case.faults["duplicate"] += 1
    before = silver(lake, "billing_line_items").num_rows
    version.write(bucket.root)
    again = case.ingest(lake, bucket.root).said()
    assert again["changed"] is False, again
    assert silver(lake, "billing_line_items").num_rows == before


@kind("drift")
def drift(case: Case) -> None:
    """Versions of a month whose columns come, go, change type and case: every line is shown, every version remembered."""
    layout, period = case.chance.choice(("csv", "cur2", "cur2")), case.chance.choice(scenes.MONTHS)
    bucket, lake = Bucket(case.folder / "bucket"), case.folder / "lake"
    version = scenes.delivery(case.chance, layout, period, 1)
    columns = {name: case.chance.choice(TYPES) for name in case.chance.sample(OPTIONAL, 2)}
    for number in range(1, 4):
        if number > 1:
            what = case.chance.choice(DRIFTS)
            columns = drifted(case.chance, columns, what)
            case.faults[f"{what} a column"] += 1
        version = with_columns(scenes.restated(case.chance, version, number), columns, case.chance)
        bucket.deliver(version)
        said = case.ingest(lake, bucket.root).said()
        assert len(said["deliveries"]) == 1 and not said["refused"], said
        scenes.assert_shows_newest(lake, bucket)
    remembered = Counter[str]()
    for row in silver(lake, "delivery_costs").to_pylist():
        remembered[row["delivery_id"]] += row["unblended_cost"]
    assert sorted(remembered.values()) == sorted(sum(d.costs()) for d in bucket.delivered)
    clean, _ = case.clean_ingest(bucket.root)
    scenes.assert_same(scenes.tables(lake), scenes.tables(clean))


def drifted(chance: random.Random, columns: dict[str, str], what: str) -> dict[str, str]:
    """Optional columns (name -> type) after one change."""
    if what == "add":
        missing = [name for name in OPTIONAL if name.lower() not in {c.lower() for c in columns}]
        return columns | {missing[0]: chance.choice(TYPES)}
    name = chance.choice(sorted(columns))
    others = {key: value for key, value in columns.items() if key != name}
    if what == "drop":
        return others
    if what == "retype":
        return others | {name: chance.choice([t for t in TYPES if t != columns[name]])}
    return others | {(name.upper() if name != name.upper() else name.lower()): columns[name]}


def with_columns(version: Delivery, columns: dict[str, str], chance: random.Random) -> Delivery:
    """The version with these optional columns and no others; what they hold is their type's."""
    lines = []
    for said in version.lines:
        line = {key: value for key, value in said if key.lower() not in {c.lower() for c in OPTIONAL}}
        line |= {name: str(chance.randint(1, 99)) for name in columns}
        lines.append(tuple(sorted(line.items())))
    types = tuple(sorted(columns.items())) if version.layout == "cur2" else ()
    return replace(version, lines=tuple(lines), types=types)


@kind("clock")
def wrong_clock(case: Case) -> None:
    """The machine's clock is up to 36 hours wrong, each run otherwise: what is published is the newest all the same."""
    bucket, lake = Bucket(case.folder / "bucket"), case.folder / "lake"
    version = scenes.delivery(case.chance, case.chance.choice(("csv", "cur2")), "2026-03", 1)
    for number, hours in enumerate(case.chance.choice(((36, -36), (36, 0), (0, -36), (-36, 36))), start=1):
        version = scenes.restated(case.chance, version, number)
        bucket.deliver(version)
        hours += case.chance.uniform(-0.5, 0.5)
        run = case.whole_run(lake, bucket.root, hooks={"clock": hours}).said()
        case.faults["run with a wrong clock"] += 1
        assert run["changed"], json.dumps(run)[:500]
        scenes.assert_shows_newest(lake, bucket)
        months = scenes.marts(lake)["reconciliation"]
        assert months, "nothing is published"
        from tests.e2e.whole_run import published

        [(total,)] = published(lake, "select sum(unblended_cost) from cost_monthly")
        assert total == sum(version.costs()), f"published is an older build after {hours:+.1f} h"
    clean = case.folder / "clean"
    case.whole_run(clean, bucket.root)
    scenes.assert_same(scenes.tables(lake), scenes.tables(clean))
    found, wanted = scenes.marts(lake), scenes.marts(clean)
    scenes.assert_same(found, wanted)
    case.assert_settled(lake, bucket.root)
