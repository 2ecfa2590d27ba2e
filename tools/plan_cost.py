"""`make plan-cost LINES=5`: what running finlake costs a month on AWS, for a bill of so many million lines, with its assumptions.

Prices are terraform/prices.yml, quantities come from terraform/cost_factors.yml: what was measured (with how) and what is
assumed (changed by --set). The plan is a pure function; nothing asks AWS.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

TERRAFORM = Path(__file__).resolve().parent.parent / "terraform"
HOURS = Decimal(730)
GB = Decimal(10**9)
Factors = Mapping[str, Decimal]


@dataclass(frozen=True)
class Price:
    """One list price in US dollars; `seen` is false where it is an assumption to be checked at `page`."""

    usd: Decimal
    unit: str
    seen: bool
    page: str


@dataclass(frozen=True)
class Item:
    """One line of the plan; one that isn't `counted` is a comparison and stays out of the total."""

    group: str
    what: str
    quantity: Decimal
    price: Price
    counted: bool = True

    @property
    def usd(self) -> Decimal:
        return self.quantity * self.price.usd


@dataclass(frozen=True)
class Choice:
    """What is planned: million lines of a month's bill, region, who starts runs, which engine, who builds the marts (Terraform
    sets athena)."""

    lines: Decimal
    region: str = "us-east-1"
    runner: str = "task"
    engine: str = "duckdb"
    warehouse: str = "athena"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TERRAFORM / name).read_text(encoding="utf-8"))
    return found


def prices_of(document: Mapping[str, Any], region: str) -> dict[str, Price]:
    """The prices of a region. Raises KeyError for a region that the file doesn't have."""
    unseen = Decimal(document["regions"][region]["unseen"])
    found = {}
    for name, entry in document["prices"].items():
        if region in entry:
            usd, seen = Decimal(entry[region]["usd"]), entry[region]["status"] == "seen"
        else:
            usd, seen = Decimal(entry["us-east-1"]["usd"]) * unseen, False
        found[name] = Price(usd, entry["unit"], seen, entry["page"])
    return found


def factors_of(document: Mapping[str, Any], changed: Mapping[str, str]) -> dict[str, Decimal]:
    """Measured and assumed factors, some of them replaced. Raises KeyError for a factor that there isn't."""
    found = {
        name: Decimal(str(entry["value"]))
        for group in ("measured", "assumed")
        for name, entry in document[group].items()
    }
    for name, value in changed.items():
        if name not in found:
            raise KeyError(name)
        found[name] = Decimal(value)
    return found


def plan(choice: Choice, prices: Mapping[str, Price], f: Factors) -> list[Item]:
    """Every item of a month at its full height: `months_kept` months are there."""
    parts = (_storage, _requests, _compute, _airflow, _queries, _state)
    return [item for part in parts for item in part(choice, prices, f)]


def volumes(choice: Choice, f: Factors) -> dict[str, Decimal]:
    """What a month brings and what lies there: lines delivered, deliveries, gigabytes by place."""
    lines = choice.lines * 10**6
    deliveries = f["open_deliveries"] + f["closed_deliveries"]
    # The open month grows: half of it is there on average.
    delivered = lines * (f["open_deliveries"] / 2 + f["closed_deliveries"])
    undo = f["undo_days"] / 30
    month = lines * f["build_bytes_per_line"] / GB
    # DuckDB: each build is a whole file. Athena: each adds the rows of one month to what is there of all the others.
    build, shared = month * f["months_kept"], Decimal(0)
    if choice.warehouse == "athena":
        build, shared = month, month * f["months_kept"]
    return {
        "lines": lines,
        "delivered": delivered,
        "deliveries": deliveries,
        "exports": lines * f["export_bytes_per_line"] / GB * f["months_kept"]
        + delivered * f["export_bytes_per_line"] / GB * undo,
        "bronze": delivered * f["export_bytes_per_line"] / GB * f["months_kept"],
        "silver": lines * f["silver_bytes_per_line"] / GB * f["months_kept"]
        + delivered * f["silver_bytes_per_line"] / GB * (undo + f["vacuum_days"] / 30),
        "build": build,
        "builds": shared + build * (f["kept_builds"] + deliveries * undo),
    }


def _storage(choice: Choice, prices: Mapping[str, Price], f: Factors) -> Iterator[Item]:
    v, price = volumes(choice, f), prices["s3_gb_month"]
    yield Item(
        "S3", "exports bucket, with replaced files until they can't be brought back", v["exports"], price
    )
    yield Item("S3", "bronze: every delivery kept", v["bronze"], price)
    yield Item("S3", "silver, with replaced files", v["silver"], price)
    yield Item("S3", "builds of the marts, with replaced ones", v["builds"], price)


def _transfers(choice: Choice, f: Factors) -> tuple[Decimal, Decimal]:
    """PUTs and GETs a month: a number for each delivery, and one for each part of what is read and written."""
    v, part = volumes(choice, f), f["part_mib"] * 2**20 / GB
    written = v["delivered"] * (f["export_bytes_per_line"] + f["silver_bytes_per_line"]) / GB
    written += v["build"] * v["deliveries"]
    puts = v["deliveries"] * f["puts_per_delivery"] + written / part
    gets = v["deliveries"] * f["gets_per_delivery"] + f["reads_per_write"] * written / part
    return puts, gets + f["looks_per_day"] * 30 * f["gets_per_look"]


def _requests(choice: Choice, prices: Mapping[str, Price], f: Factors) -> Iterator[Item]:
    puts, gets = _transfers(choice, f)
    yield Item("S3", "PUT, COPY, LIST", puts, prices["s3_put"])
    yield Item("S3", "GET", gets, prices["s3_get"])
    yield Item("KMS", "key", Decimal(1), prices["kms_key_month"])
    yield Item(
        "KMS", "requests that bucket keys leave over", (puts + gets) * f["kms_share"], prices["kms_request"]
    )
    yield Item("CloudTrail", "object events in the audit trail", puts + gets, prices["trail_event"])


def _compute(choice: Choice, prices: Mapping[str, Price], f: Factors) -> Iterator[Item]:
    v = volumes(choice, f)
    cpu_seconds = (
        v["delivered"] / 10**6 * f["cpu_seconds_per_million"] + v["deliveries"] * f["cpu_seconds_per_run"]
    )
    cpu_hours = cpu_seconds / 3600
    if choice.engine == "spark":
        vcpu = (
            cpu_hours * f["spark_cpu_factor"] / f["cpu_use"] + v["deliveries"] * f["spark_start_vcpu_hours"]
        )
        yield Item("EMR Serverless", "vCPU", vcpu, prices["emr_vcpu_hour"])
        yield Item("EMR Serverless", "memory", vcpu * f["emr_gb_per_vcpu"], prices["emr_gb_hour"])
    if choice.runner == "airflow":
        return  # runs inside Airflow's own task, which is there all the time
    runs = v["deliveries"] + f["looks_per_day"] * 30
    hours = runs * f["start_seconds"] / 3600
    if choice.engine == "duckdb":
        hours += cpu_hours / f["task_vcpu"] / f["cpu_use"]
    yield Item("Fargate", "task, vCPU", hours * f["task_vcpu"], prices["fargate_vcpu_hour"])
    yield Item("Fargate", "task, memory", hours * f["task_gb"], prices["fargate_gb_hour"])
    yield Item(
        "Fargate",
        "task, disk beyond 20 GB",
        hours * max(f["task_disk_gb"] - 20, Decimal(0)),
        prices["fargate_disk_gb_hour"],
    )


def _airflow(choice: Choice, prices: Mapping[str, Price], f: Factors) -> Iterator[Item]:
    chosen = choice.runner == "airflow"
    if chosen:
        disk = max(f["airflow_disk_gb"] - 20, Decimal(0))
        yield Item("Airflow on ECS", "vCPU", HOURS * f["airflow_vcpu"], prices["fargate_vcpu_hour"])
        yield Item("Airflow on ECS", "memory", HOURS * f["airflow_gb"], prices["fargate_gb_hour"])
        yield Item("Airflow on ECS", "disk beyond 20 GB", HOURS * disk, prices["fargate_disk_gb_hour"])
        yield Item("Airflow on ECS", "database", HOURS, prices["rds_t4g_micro_hour"])
        yield Item("Airflow on ECS", "database, disk", f["database_gb"], prices["rds_gp3_gb_month"])
        yield Item("Airflow on ECS", "secrets", Decimal(2), prices["secret_month"])
    yield Item("for comparison", "MWAA, mw1.small, instead", HOURS, prices["mwaa_small_hour"], counted=False)


def _queries(choice: Choice, prices: Mapping[str, Price], f: Factors) -> Iterator[Item]:
    v = volumes(choice, f)
    month_tb = v["lines"] * f["silver_bytes_per_line"] / 10**12
    yield Item("Glue", "tables and databases", f["glue_objects"], prices["glue_object_month"])
    yield Item("Athena", "people's queries", f["queries"] * f["query_share"] * month_tb, prices["athena_tb"])
    if choice.warehouse == "athena":
        scanned = v["delivered"] * f["silver_bytes_per_line"] / 10**12 * f["build_passes"]
        yield Item("Athena", "builds of the marts", scanned, prices["athena_tb"])
        least = v["deliveries"] * f["statements_per_build"] * f["least_mb_per_statement"] / 10**6
        yield Item("Athena", "builds: what each statement costs at least", least, prices["athena_tb"])


def _state(choice: Choice, prices: Mapping[str, Price], f: Factors) -> Iterator[Item]:
    deliveries = volumes(choice, f)["deliveries"]
    logs = deliveries * f["log_mb_per_run"] / 1000
    if choice.runner == "airflow":
        logs += 30 * f["airflow_log_mb_per_day"] / 1000
    yield Item("DynamoDB", "ledger, writes", deliveries * f["ledger_writes"], prices["dynamodb_write"])
    yield Item("DynamoDB", "ledger, reads", deliveries * f["ledger_reads"], prices["dynamodb_read"])
    yield Item("DynamoDB", "ledger, storage", f["ledger_gb"], prices["dynamodb_gb_month"])
    yield Item("DynamoDB", "ledger, point-in-time recovery", f["ledger_gb"], prices["dynamodb_pitr_gb_month"])
    yield Item(
        "Backup", "ledger, daily and monthly", f["ledger_gb"] * f["backups_kept"], prices["backup_gb_month"]
    )
    yield Item("CloudWatch", "logs taken in", logs, prices["logs_gb"])
    yield Item("CloudWatch", "logs kept a year", logs * 12, prices["logs_gb_month"])
    alarms = f["alarms"] + (1 if choice.runner == "airflow" else 0)  # its database's space
    yield Item("CloudWatch", "alarms", alarms, prices["alarm_month"])


def rows_of(items: list[Item]) -> Iterator[str]:
    """The table. A star marks a price that is an assumption."""
    yield f"{'service':16} {'what':70} {'quantity':>14} {'unit':12} {'price USD':>13}  {'a month USD':>11}"
    for item in sorted(items, key=lambda item: not item.counted):
        star = " " if item.price.seen else "*"
        usd = f"{item.usd:,.2f}" if item.counted else f"({item.usd:,.2f})"
        price = f"{item.price.usd.normalize():f}"
        yield f"{item.group:16} {item.what:70} {item.quantity:>14,.2f} {item.price.unit:12} {price:>13}{star} {usd:>11}"
    yield f"{'total':16} {'':70} {'':14} {'':12} {'':>13}  {sum(i.usd for i in items if i.counted):>11,.2f}"


def notes_of(
    items: list[Item], document: Mapping[str, Any], read_on: str, changed: Mapping[str, str]
) -> Iterator[str]:
    """What the figures rest on."""
    unseen = sorted({item.price.page for item in items if not item.price.seen})
    yield f"Prices: terraform/prices.yml, list prices as read on {read_on}. Check them before you rely on the plan."
    if unseen:
        yield "* assumed for this region, to be checked: " + ", ".join(unseen)
    for group in ("measured", "assumed"):
        yield f"{group.capitalize()}:"
        for name, entry in document[group].items():
            value = f"{changed[name]} (changed)" if name in changed else entry["value"]
            yield f"  {name} = {value}: {entry['from']}"
    yield "Not in the plan: " + "; ".join(document["left_out"]) + "."


def parsed(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="plan-cost", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("--lines", type=Decimal, default=Decimal(1), help="million lines of a month's bill")
    parser.add_argument("--region", default="us-east-1", choices=sorted(read("prices.yml")["regions"]))
    parser.add_argument("--runner", default="task", choices=["task", "airflow"], help="who runs finlake")
    parser.add_argument("--engine", default="duckdb", choices=["duckdb", "spark"])
    parser.add_argument(
        "--warehouse", default="athena", choices=["duckdb", "athena"], help="who builds the marts"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another factor")
    found = parser.parse_args(argv)
    if not found.lines.is_finite() or found.lines <= 0:
        parser.error("--lines: more than 0")
    return found


def main(argv: list[str] | None = None) -> int:
    """Print the plan. Exit code 2 for a factor that there isn't."""
    asked = parsed(argv)
    document, listed = read("cost_factors.yml"), read("prices.yml")
    changed = {name: value for name, _, value in (pair.partition("=") for pair in asked.set)}
    choice = Choice(asked.lines, asked.region, asked.runner, asked.engine, asked.warehouse)
    try:
        factors = factors_of(document, changed)
    except (KeyError, ArithmeticError) as error:
        print(
            f"plan-cost: --set takes NAME=NUMBER with a name of terraform/cost_factors.yml, not {error}",
            file=sys.stderr,
        )
        return 2
    items = plan(choice, prices_of(listed, asked.region), factors)
    print(f"finlake on AWS, a month with {asked.lines:,} million lines, {asked.region}, runs by {asked.runner}, "
          f"engine {asked.engine}, marts by {asked.warehouse}\n")  # fmt: skip
    print(
        "\n".join(rows_of(items)),
        "\n".join(notes_of(items, document, str(listed["read_on"]), changed)),
        sep="\n\n",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
