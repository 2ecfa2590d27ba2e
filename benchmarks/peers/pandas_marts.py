"""The marts of marts.sql with pandas and Arrow. Sums are Arrow's: pandas itself adds decimals one Python object at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.peers.rules import COSTS, DIMENSIONS
from finlake.service_matching import like
from finlake.service_model import UNMAPPED

SUM = pa.decimal128(38, 12)
DAILY = (
    *(
        "billing_period",
        "usage_date",
        "payer_id",
        "account_id",
        "service",
        "service_name",
        "service_category",
    ),
    *("region", "charge_category", "pricing_category", *DIMENSIONS, "currency"),
)
RESOURCE = ("resource_id", "resource_arn", "resource_name", "resource_type")
MONTHLY = (
    "billing_period",
    "payer_id",
    "account_id",
    "product_code",
    "service_name",
    "charge_type",
    "currency",
)
GROUP = ("billing_period", "payer_id", "account_id", "service", "currency")
DAY = ("billing_period", "usage_date", "payer_id", "account_id", "resource_id", "currency")
OWNER = ("billing_period", "payer_id", "account_id", "resource_id")
ATTRIBUTES = (*RESOURCE[1:], "service", "service_name", "region", *DIMENSIONS)
ARN_REGION = re.compile("^arn:[^:]*:[^:]*:([^:]*):")
RESOURCE_PATH = re.compile("^(?:arn:[^:]*:[^:]*:[^:]*:[^:]*:)?[^/:]*[/:](.+)$")


def marts(lines: pa.Table, sets: dict[str, list[tuple]], seeds: Path) -> Iterator[tuple[str, pa.Table]]:
    """(name, table) of each mart. `lines`: silver, with the columns `tags` and `categories`, numbers of the distinct
    sets of (key, value) in `sets`; `seeds`: folder of the service catalogue as CSV."""
    daily, monthly = grouped(lines, DAILY), grouped(lines, MONTHLY)
    by_resource = grouped(lines, (*DAILY, *RESOURCE))
    yield "cost_daily", daily
    yield "cost_monthly", monthly
    yield "cost_by_resource_daily", by_resource
    yield "unmapped_spend", _unmapped(lines, monthly)
    yield "dim_account", _accounts(lines)
    yield "dim_service", _services(daily)
    yield "dim_resource", _resources(by_resource)
    yield "tag_coverage", _coverage(lines, sets)
    yield from _resource_usage(lines, seeds)


def grouped(
    lines: pa.Table, keys: Sequence[str], sums: Sequence[str] = COSTS, count: str = "line_count"
) -> pa.Table:
    """One row for each group: sums as decimal(38,12), and how many lines."""
    return aggregated(lines, keys, {name: (name, "sum") for name in sums}, count)


def aggregated(
    lines: pa.Table, keys: Sequence[str], said: dict[str, tuple[str, str]], count: str | None = None
) -> pa.Table:
    """`said`: new column -> (column, Arrow's aggregate)."""
    found = lines.group_by(list(keys)).aggregate([*said.values(), *([([], "count_all")] if count else [])])
    columns = {name: found[name] for name in keys}
    for name, (column, function) in said.items():
        values = found[f"{column}_{function}"]
        columns[name] = values.cast(SUM) if function == "sum" else values
    return pa.table(columns | ({count: found["count_all"]} if count else {}))


def _unmapped(lines: pa.Table, monthly: pa.Table) -> pa.Table:
    keys = ("billing_period", "payer_id", "product_code", "service_name", "currency")
    found = grouped(lines.filter(pc.equal(lines["service"], UNMAPPED)), keys)
    totals = aggregated(monthly, (*keys[:2], keys[4]), {"total": ("net_amortized_cost", "sum")})
    found = found.join(totals, [*keys[:2], keys[4]])
    share = pc.divide(found["net_amortized_cost"].cast(pa.float64()), found["total"].cast(pa.float64()))
    return found.append_column("share_of_period", share).drop_columns("total")


def _accounts(lines: pa.Table) -> pa.Table:
    said = {
        "account_name": ("account_name", "max"),
        "payer_name": ("payer_name", "max"),
        "first_billing_period": ("billing_period", "min"),
        "last_billing_period": ("billing_period", "max"),
    }
    found = aggregated(lines, ("payer_id", "account_id"), said)
    return found.append_column("is_payer", pc.equal(found["payer_id"], found["account_id"]))


def _services(daily: pa.Table) -> pa.Table:
    said = {
        "service_category": ("service_category", "max"),
        "first_billing_period": ("billing_period", "min"),
        "last_billing_period": ("billing_period", "max"),
    }
    found = aggregated(daily, ("service", "service_name"), said)
    return found.append_column("is_mapped", pc.not_equal(found["service"], UNMAPPED))


def _resources(by_resource: pa.Table) -> pa.Table:
    """Of the attributes on a resource's newest day the first in alphabetical order."""
    keys = ["payer_id", "account_id", "resource_id"]
    known = by_resource.filter(pc.is_valid(by_resource["resource_id"]))
    frame = known.select([*keys, "usage_date", *ATTRIBUTES]).to_pandas()
    order = ["usage_date", *ATTRIBUTES]
    newest = frame.sort_values(order, ascending=[False, *[True] * len(ATTRIBUTES)]).drop_duplicates(keys)
    days = {"first_usage_date": ("usage_date", "min"), "last_usage_date": ("usage_date", "max")}
    found = pa.Table.from_pandas(
        newest.drop(columns="usage_date"), known.select([*keys, *ATTRIBUTES]).schema, preserve_index=False
    )
    return found.join(aggregated(known, keys, days), keys)


def _coverage(lines: pa.Table, sets: dict[str, list[tuple]]) -> pa.Table:
    """Money with and without each tag, cost category and dimension."""
    usage = pc.if_else(pc.equal(lines["charge_category"], "Usage"), lines["net_amortized_cost"], None)
    lines = lines.append_column("of_usage", usage)
    costs = {"cost": ("net_amortized_cost", "sum"), "usage_cost": ("of_usage", "sum")}
    tag_sets = aggregated(lines, (*GROUP, *DIMENSIONS, "tags", "categories"), costs)
    zero = pa.scalar(0).cast(SUM)
    tag_sets = tag_sets.set_column(
        tag_sets.column_names.index("usage_cost"), "usage_cost", pc.fill_null(tag_sets["usage_cost"], zero)
    )
    parts = [
        _entries(tag_sets, sets[kind], kind, said)
        for kind, said in (("tags", "tag"), ("categories", "cost_category"))
    ]
    parts += [_dimension(tag_sets, name) for name in DIMENSIONS]
    entries = pa.concat_tables(parts)
    keys = entries.group_by(["billing_period", "payer_id", "key_kind", "tag_key"]).aggregate([])
    entries = entries.filter(pc.not_equal(entries["tag_value"], ""))
    tagged = aggregated(
        entries,
        (*GROUP, "key_kind", "tag_key"),
        {"tagged_cost": ("cost", "sum"), "tagged_usage_cost": ("usage_cost", "sum")},
    )
    totals = aggregated(
        tag_sets, GROUP, {"net_amortized_cost": ("cost", "sum"), "usage_cost": ("usage_cost", "sum")}
    )
    found = totals.join(keys, ["billing_period", "payer_id"], join_type="inner")
    return _shares(found.join(tagged, [*GROUP, "key_kind", "tag_key"]))


def _shares(found: pa.Table) -> pa.Table:
    """What is tagged, what isn't, and the tagged share of usage."""
    zero = pa.scalar(0).cast(SUM)
    columns = {
        name: found[name] for name in (*GROUP, "key_kind", "tag_key", "net_amortized_cost", "usage_cost")
    }
    for name in ("tagged_cost", "tagged_usage_cost"):
        columns[name] = pc.fill_null(found[name], zero)
    narrow = pa.decimal128(37, 12)  # a difference takes a digit more, and Arrow has 38
    both = (columns[name].cast(narrow) for name in ("net_amortized_cost", "tagged_cost"))
    columns["untagged_cost"] = pc.subtract(*both).cast(SUM)
    whole = columns["usage_cost"].cast(pa.float64())
    share = pc.divide(
        columns["tagged_usage_cost"].cast(pa.float64()), pc.if_else(pc.equal(whole, 0), None, whole)
    )
    return pa.table(columns | {"tagged_share": share})


def _entries(tag_sets: pa.Table, sets: list[tuple], column: str, kind: str) -> pa.Table:
    """The rows once for each key of their set."""
    pairs = [(number, key, value) for number, entries in enumerate(sets) for key, value in entries]
    numbers, keys, values = zip(*pairs, strict=True) if pairs else ((), (), ())
    told = pa.table(
        {
            column: pa.array(numbers, pa.int64()),
            "tag_key": pa.array(keys, pa.string()),
            "tag_value": pa.array(values, pa.string()),
        }
    )
    found = tag_sets.join(told, column, join_type="inner")
    return _entry(found, kind, found["tag_key"], found["tag_value"])


def _dimension(tag_sets: pa.Table, name: str) -> pa.Table:
    return _entry(tag_sets, "dimension", pa.array([name] * tag_sets.num_rows, pa.string()), tag_sets[name])


def _entry(rows: pa.Table, kind: str, key: pa.Array, value: pa.Array) -> pa.Table:
    columns = {name: rows[name] for name in (*GROUP, "cost", "usage_cost")}
    kinds = pa.array([kind] * rows.num_rows, pa.string())
    return pa.table(columns | {"key_kind": kinds, "tag_key": key, "tag_value": value})


def _resource_usage(lines: pa.Table, seeds: Path) -> Iterator[tuple[str, pa.Table]]:
    """resource_cost_usage_daily and metric_coverage of a bill without metrics."""
    days = _resource_days(lines.filter(pc.is_valid(lines["resource_id"])), seeds)
    frame = days.select([*OWNER, "service", "resource_name", "resource_type"]).to_pandas()
    known = _known(frame, pd.read_csv(seeds / "service_metrics.csv", dtype=str))
    days = days.join(known, list(OWNER))
    unmapped, is_known = pc.equal(days["service"], UNMAPPED), pc.fill_null(days["is_known"], False)
    reason = pc.if_else(is_known, "not_delivered", "no_metrics_known")
    usage = days.drop_columns("is_known").append_column(
        "metrics_reason", pc.if_else(unmapped, "not_in_catalogue", reason)
    )
    usage = _with_amounts(usage, lines)
    nothing = pa.nulls(usage.num_rows, pa.map_(pa.string(), pa.float64()))
    yield "resource_cost_usage_daily", usage.append_column("metrics", nothing)
    yield "metric_coverage", _metric_coverage(days)


def _resource_days(lines: pa.Table, seeds: Path) -> pa.Table:
    """A day of a resource is one row; its service is the one whose type it is."""
    finer = (*DAY, "resource_name", "resource_type", "service", "region")
    charges = grouped(lines, finer, ("unblended_cost", "net_amortized_cost"))
    owners = pd.read_csv(seeds / "resource_types.csv", dtype=str).set_index("resource_type")["service"]
    frame = charges.select(["resource_id", "resource_type", "service", "region"]).to_pandas()
    owner = frame["resource_type"].map(owners)
    own_region = frame["region"].where(frame["service"] == owner)
    arn_region = frame["resource_id"].str.extract(ARN_REGION, expand=False).replace("", None)
    for name, values in (("owner", owner), ("own_region", own_region), ("arn_region", arn_region)):
        charges = charges.append_column(name, pa.array(values, pa.string(), from_pandas=True))
    said = {
        "resource_name": ("resource_name", "max"),
        "resource_type": ("resource_type", "max"),
        "owner": ("owner", "min"),
        "service": ("service", "min"),
        "arn_region": ("arn_region", "max"),
        "own_region": ("own_region", "min"),
        "region": ("region", "min"),
        "unblended_cost": ("unblended_cost", "sum"),
        "net_amortized_cost": ("net_amortized_cost", "sum"),
        "line_count": ("line_count", "sum"),
    }
    found = aggregated(charges, DAY, said)
    columns = {name: found[name] for name in (*DAY, "resource_name", "resource_type")}
    columns["service"] = pc.coalesce(found["owner"], found["service"])
    columns["region"] = pc.coalesce(found["arn_region"], found["own_region"], found["region"])
    columns |= {name: found[name] for name in ("unblended_cost", "net_amortized_cost")}
    return pa.table(columns | {"line_count": found["line_count"].cast(pa.int64())})


def _with_amounts(days: pa.Table, lines: pa.Table) -> pa.Table:
    """With `usage_amounts`: what was used in each pricing unit."""
    used = pc.and_(pc.equal(lines["charge_category"], "Usage"), pc.is_valid(lines["resource_id"]))
    used = pc.and_(used, pc.and_(pc.is_valid(lines["pricing_unit"]), pc.is_valid(lines["usage_amount"])))
    units = grouped(lines.filter(used), (*DAY, "pricing_unit"), ("usage_amount",))
    amounts: dict[tuple, list[tuple]] = {}
    columns = [units[name].to_pylist() for name in (*DAY, "pricing_unit", "usage_amount")]
    for *day, unit, amount in sorted(zip(*columns, strict=True), key=lambda row: row[-2]):
        amounts.setdefault(tuple(day), []).append((unit, amount))
    rows = zip(*(days[name].to_pylist() for name in DAY), strict=True)
    maps = pa.array([amounts.get(day) for day in rows], pa.map_(pa.string(), SUM))
    return days.append_column("usage_amounts", maps)


def _known(days: pd.DataFrame, metrics: pd.DataFrame) -> pa.Table:
    """Resources that the catalogue knows metrics of: by type, and by what CloudWatch calls them."""
    sources = metrics[["resource_type", "id_from", "identity_like"]].drop_duplicates()
    resources = days.groupby(list(OWNER), as_index=False)[["resource_name", "resource_type"]].max()
    found = set()
    for row in resources.merge(sources, on="resource_type").itertuples():
        path = RESOURCE_PATH.match(row.resource_id) if row.id_from == "resource_path" else None
        called = {"arn": row.resource_id, "resource_path": path and path.group(1)}.get(
            row.id_from, row.resource_name
        )
        if like(called, row.identity_like):
            found.add(tuple(getattr(row, name) for name in OWNER))
    columns = {n: pa.array([row[i] for row in found], pa.string()) for i, n in enumerate(OWNER)}
    return pa.table(columns | {"is_known": pa.array([True] * len(found), pa.bool_())})


def _metric_coverage(days: pa.Table) -> pa.Table:
    first = aggregated(days, OWNER[1:], {"first_usage_date": ("usage_date", "min")})
    said = {
        "service": ("service", "min"),
        "region": ("region", "max"),
        "resource_name": ("resource_name", "max"),
        "resource_type": ("resource_type", "max"),
        "unblended_cost": ("unblended_cost", "sum"),
        "net_amortized_cost": ("net_amortized_cost", "sum"),
        "last_usage_date": ("usage_date", "max"),
        "is_known": ("is_known", "any"),
    }
    found = aggregated(days, (*OWNER, "currency"), said, "cost_days").join(first, list(OWNER[1:]))
    rows = found.num_rows
    reason = pc.if_else(pc.fill_null(found["is_known"], False), "not_enabled", "no_metrics_known")
    reason = pc.if_else(pc.equal(found["service"], UNMAPPED), "not_in_catalogue", reason)
    columns = {name: found[name] for name in found.column_names if name != "is_known"}
    columns |= {name: pa.array([0] * rows, pa.int64()) for name in ("metric_count", "metric_days")}
    columns |= {name: pa.nulls(rows, pa.date32()) for name in ("first_metric_date", "last_metric_date")}
    return pa.table(columns | {"match_quality": pa.array(["none"] * rows, pa.string()), "reason": reason})
