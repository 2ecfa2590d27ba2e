"""Write the sample: every delivery in the order of its arrival, then the truth file."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from finlake.errors import UsageError
from finlake.sample import bill, cur1_csv, cur2_parquet, delivery, facts, metric_files, months, truth
from finlake.sample.facts import Organisation
from finlake.sample.lines import Line
from finlake.sample.plan import Edition, Request, editions, payer_of

MARKER = "sample.json"
TRUTH = "truth.json"
MAX_MONTHS = 60
ROWS_A_FILE = 6_000
SCALED_PAYER = "usd-payer"
README = """{about}

Written by: finlake sample --seed {seed} --months {months} --end {end_month}{rows}
{deliveries} deliveries of two payers' bills:
  usd-payer/  bucket of a payer billed in USD: CUR 2.0, Parquet, "create new"
  brl-payer/  bucket of a payer billed in BRL: legacy CUR, CSV.gz, "create new report version"
  metrics/  what CloudWatch metric streams delivered of the last {metric_days} days: JSON of usd-payer, OpenTelemetry of brl-payer
  organization.csv  accounts and organisational units
  truth.json  totals of every delivery, and what was planted: anomalies, restatements, credits, idle...
  sample.json  what the sample was made from

It shows that things work. It says nothing of how accurate anything is on a real bill.
Unlike AWS, the older months are billed by the day and the newest by the hour within one export.
"""


@dataclass(frozen=True)
class Written:
    """What there is: deliveries, lines, bytes, and whether it had been there before."""

    root: str
    already_there: bool
    deliveries: int
    lines: int
    bytes: int
    first_month: str
    last_month: str


def write_sample(
    root: Path, request: Request, told: Callable[[Edition, int, int], None] | None = None
) -> Written:
    """Write the sample below `root`; nothing where this very sample is there already.

    `told` hears of each delivery: edition, number, of how many.
    Raises UsageError where the folder holds something else or another sample; nothing is written then.
    """
    _check(request)
    if _is_there(root, request):
        return _written(root, already_there=True)
    org = facts.load()
    planned = editions(org, request)
    root.mkdir(parents=True, exist_ok=True)
    _write_marker(root, org, request, complete=False)
    found = []
    for number, edition in enumerate(planned, start=1):
        copies_for = request.rows if edition is planned_to_scale(planned) else 0
        found.append(_deliver(root, org, edition, copies_for))
        if told:
            told(edition, number, len(planned))
    _write_papers(root, org, request, planned, found)
    _write_marker(root, org, request, complete=True)
    return _written(root, already_there=False)


def planned_to_scale(planned: list[Edition]) -> Edition:
    """The delivery that --rows makes large: the newest one of the payer whose bill is Parquet."""
    return next(each for each in reversed(planned) if (each.payer, each.offset) == (SCALED_PAYER, 0))


def _deliver(root: Path, org: Organisation, edition: Edition, rows: int) -> dict[str, Any]:
    """Write one delivery, data first and manifests last. Returns its entry in the truth file."""
    lines = bill.lines_of(org, edition)
    copies = max(1, round(rows / len(lines))) if rows else 1
    place = delivery.of(org, edition)
    bucket = root / edition.payer
    (bucket / place.data).mkdir(parents=True, exist_ok=True)
    export = payer_of(org, edition).export

    def path_of(number: int) -> Path:
        return bucket / place.data_key(export, number)

    paths, header = _write_data(org, edition, lines, copies, path_of)
    keys = [path.relative_to(bucket).as_posix() for path in paths]
    text = json.dumps(delivery.manifest(org, edition, keys, header), indent=2) + "\n"
    for path in paths:
        _touch(path, edition.delivered_at - timedelta(minutes=1))
    for key in (place.own_manifest, place.top_manifest):
        (bucket / key).parent.mkdir(parents=True, exist_ok=True)
        (bucket / key).write_text(text, encoding="utf-8")
        _touch(bucket / key, edition.delivered_at)
    return _entry(org, edition, place, lines, copies)


def _write_data(
    org: Organisation, edition: Edition, lines: list[Line], copies: int, path_of: Callable[[int], Path]
) -> tuple[list[Path], list[str]]:
    if payer_of(org, edition).format == "cur1":
        header, rows = cur1_csv.rows(lines)
        return cur1_csv.write(header, rows, path_of, ROWS_A_FILE), header
    if copies > 1:
        return cur2_parquet.write_copies(lines, copies, path_of), []
    return cur2_parquet.write(lines, path_of, ROWS_A_FILE), []


def _entry(
    org: Organisation, edition: Edition, place: delivery.Delivery, lines: list[Line], copies: int
) -> dict[str, Any]:
    payer = payer_of(org, edition)
    return {
        "payer": edition.payer,
        "payer_id": payer.account,
        "format": payer.format,
        "billing_period": edition.month,
        "stage": edition.stage,
        "through_day": edition.through,
        "hourly": edition.hourly,
        "delivered_at": f"{edition.delivered_at:%Y-%m-%dT%H:%M:%SZ}",
        "delivery": place.id,
        "manifest": f"{edition.payer}/{place.own_manifest}",
        "net_columns": bill.has_net(org, edition),
        "currency": payer.currency,
        **truth.totals(lines, cur2_parquet.sizes(copies)),
        "by_service": truth.by_service(lines, cur2_parquet.sizes(copies)),
    }


def _write_papers(
    root: Path, org: Organisation, request: Request, planned: list[Edition], found: list[dict[str, Any]]
) -> None:
    newest = list({(each.payer, each.offset): each for each in planned}.values())
    current = {(each["payer"], each["billing_period"]): each["delivery"] for each in found}
    for each in found:
        each["current"] = current[each["payer"], each["billing_period"]] == each["delivery"]
    _write_json(
        root / TRUTH,
        {
            "about": org.about,
            "parameters": asdict(request),
            "deliveries": found,
            "planted": truth.planted(org, request, newest),
            "metrics": metric_files.write(root, org, request, newest),
        },
    )
    (root / "organization.csv").write_text(_organisation(org), encoding="utf-8")
    rows = f" --rows {request.rows}" if request.rows else ""
    words = asdict(request) | {"about": org.about, "rows": rows, "deliveries": len(found)}
    (root / "README.txt").write_text(README.format(**words), encoding="utf-8")


def _organisation(org: Organisation) -> str:
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(["account_id", "account_name", "ou", "business_unit", "is_payer", "payer_id"])
    for number, each in org.accounts.items():
        payer = org.payers[each.payer].account
        writer.writerow([number, each.name, each.ou, each.business_unit, str(number == payer).lower(), payer])
    return held.getvalue()


def _check(request: Request) -> None:
    months.checked(request.end_month)
    if not 1 <= request.months <= MAX_MONTHS:
        raise UsageError.of("sample_months_wrong", months=request.months, most=MAX_MONTHS)
    if request.metric_days < 0:
        raise UsageError.of("sample_metric_days_wrong")
    if request.rows < 0:
        raise UsageError.of("sample_rows_wrong")


def _is_there(root: Path, request: Request) -> bool:
    """True where this very sample is complete. Raises UsageError where the folder holds anything else."""
    if root.exists() and not root.is_dir():
        raise UsageError.of("sample_target_file", where=str(root))
    if not root.exists() or not any(root.iterdir()):
        return False
    marker = root / MARKER
    try:
        held = json.loads(marker.read_text(encoding="utf-8"))
        same = held["parameters"] == asdict(request) and held["synthetic"] is True
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError.of("sample_target_foreign", where=str(root)) from None
    if not same:
        raise UsageError.of("sample_target_differs", where=str(root), parameters=str(held["parameters"]))
    return bool(held["complete"])


def _written(root: Path, *, already_there: bool) -> Written:
    found = json.loads((root / TRUTH).read_text(encoding="utf-8"))["deliveries"]
    periods = sorted(each["billing_period"] for each in found)
    return Written(
        root=str(root),
        already_there=already_there,
        deliveries=len(found),
        lines=sum(each["lines"] for each in found),
        bytes=sum(path.stat().st_size for path in root.rglob("*") if path.is_file()),
        first_month=periods[0],
        last_month=periods[-1],
    )


def _write_marker(root: Path, org: Organisation, request: Request, *, complete: bool) -> None:
    _write_json(
        root / MARKER,
        {"about": org.about, "synthetic": True, "complete": complete, "parameters": asdict(request)},
    )


def _write_json(path: Path, content: dict[str, Any]) -> None:
    held = path.with_name(f".{path.name}.new")
    held.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    held.replace(path)


def _touch(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))
