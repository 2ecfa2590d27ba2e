"""What the models read of a lake: the marts of the build that is published, on either target, at one build from first to last.

Sums are made in SQL, exactly, and become float64 at the end. Text comes as few shared Python strings however many rows there
are, and columns that a model doesn't ask for are summed away, so that 30,000 series of two years fit into a few gigabytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finlake.lake import Lake
from finlake.settings import Settings
from ml.frames import KEYS
from pipeline.published import Published, data_of, published

METRICS = (
    "account_id",
    "region",
    "resource_id",
    "resource_type",
    "namespace",
    "metric_name",
    "unit",
    "statistic",
)
"""The text columns of a metrics frame; beside them `usage_date` (datetime64) and `value` (float64)."""
_MART_OF_KEY = {"unit": "pricing_unit"}


@dataclass(frozen=True)
class Version:
    """What was read: the published build, the newest day with usage in it (None: no usage), and for each billing period
    (YYYY-MM) the ids of the deliveries that it was made from, sorted.

    `data`: twelve hex digits over all that the build's bill and metrics were made from. Two builds with the same are of the same
    data: one that only shows new results of the models needs no new results.
    """

    build_id: str
    data: str
    newest_day: date | None
    deliveries: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_bill(
    lake: Lake,
    settings: Settings,
    *,
    by: Collection[str] = KEYS,
    since: date | None = None,
    until: date | None = None,
    currency: str | None = None,
) -> tuple[dict[str, pd.DataFrame], Version]:
    """The bill as `ml.frames.BILL`, one frame for each currency, and what it was read from.

    `by`: the keys that rows are told apart by; the others are summed away and "" in the frame. `since`, `until`: first and last
    usage day, inclusive. `currency`: this one alone. Rows come in the order of day and keys. Raises NotFound where nothing is
    published, ValueError for an unknown key.
    """
    if unknown := sorted(set(by) - set(KEYS)):
        raise ValueError(f"no keys of the bill: {', '.join(unknown)}")
    keys = [key for key in KEYS if key in by and key != "currency"]
    with published(lake, settings) as source:
        version = _version(source)
        frames = {
            one: _bill(source, keys, one, _days(since, until))
            for one in _currencies(source)
            if currency in (None, one)
        }
    return frames, version


def read_metrics(
    lake: Lake, settings: Settings, *, since: date | None = None, until: date | None = None
) -> tuple[pd.DataFrame, Version]:
    """Metrics by day: the columns METRICS, `usage_date` and `value`, the statistic that the catalogue names.

    A day without a value has no row. One row per day, account, region, resource, namespace, metric, unit and statistic. Raises
    NotFound where nothing is published.
    """
    values = "max(metric_value) as value"
    with published(lake, settings) as source:
        listed = ", ".join(METRICS)
        sql = (
            f"select usage_date, {listed}, {values} from {source.mart('resource_metrics_daily')} "
            f"where metric_value is not null and {_days(since, until)} group by usage_date, {listed}"
        )
        found = _columns(source, sql, "usage_date", METRICS, ("value",))
        return pd.DataFrame(found, copy=False), _version(source)


def read_hours(
    lake: Lake,
    settings: Settings,
    *,
    since: date,
    until: date | None = None,
    by: Collection[str] = ("account_id", "service", "charge_category", "charge_frequency"),
    currency: str | None = None,
) -> tuple[dict[str, pd.DataFrame], Version]:
    """As `read_bill`, with the hour (`hour`, UTC) instead of the day, from silver's lines of the published build's deliveries.

    A month whose delivery was replaced since that build was made has no rows. A bill by day has all its lines at hour 0.
    """
    if unknown := sorted(set(by) - set(KEYS)):
        raise ValueError(f"no keys of the bill: {', '.join(unknown)}")
    keys = [key for key in KEYS if key in by and key != "currency"]
    with published(lake, settings) as source:
        version = _version(source)
        where = f"{_days(since, until)} and {_of_deliveries(version, since)}"
        frames = {
            one: _hours(source, keys, one, where) for one in _currencies(source) if currency in (None, one)
        }
    return frames, version


def _version(source: Published) -> Version:
    sql = (
        "select billing_period, delivery_id, max(last_usage_date) as newest "
        f"from {source.mart('freshness')} group by billing_period, delivery_id"
    )
    rows = [row for b in source.batches(sql, ("billing_period", "delivery_id")) for row in b.to_pylist()]
    deliveries: dict[str, list[str]] = {}
    for row in rows:
        deliveries.setdefault(row["billing_period"], []).extend(filter(None, [row["delivery_id"]]))
    days = [row["newest"] for row in rows if row["newest"] is not None]
    return Version(source.build.build_id, data_of(source.build), max(days, default=None), deliveries)


def _currencies(source: Published) -> list[str]:
    sql = f"select distinct currency from {source.mart('freshness')}"
    return [str(row["currency"]) for b in source.batches(sql, ("currency",)) for row in b.to_pylist()]


def _bill(source: Published, keys: Sequence[str], currency: str, days: str) -> pd.DataFrame:
    rows = f"{source.mart('usage_daily')} where currency = '{plain(currency)}' and {days}"
    return _costs(source, "usage_date", "usage_date", keys, currency, rows)


def _hours(source: Published, keys: Sequence[str], currency: str, where: str) -> pd.DataFrame:
    rows = f"{source.silver('billing_line_items')} where currency = '{plain(currency)}' and {where}"
    hour = "date_diff('hour', timestamp '1970-01-01 00:00:00', cast(charge_period_start as timestamp))"
    return _costs(source, "hour", hour, keys, currency, rows)


def _costs(
    source: Published, time: str, moment: str, keys: Sequence[str], currency: str, rows: str
) -> pd.DataFrame:
    """Cost and usage by `time` (in SQL: `moment`) and keys; the other keys are "". `rows`: what stands behind FROM."""
    texts = {key: f"coalesce({_MART_OF_KEY.get(key, key)}, '')" for key in keys}
    named = "".join(f", {text} as {key}" for key, text in texts.items())
    columns = "".join(f", {text}" for text in texts.values())
    sql = (
        f"select {moment} as {time}{named}, cast(sum(net_amortized_cost) as double) as cost, "
        f"cast(sum(usage_amount) as double) as usage from {rows} group by {moment}{columns}"
    )
    found = _columns(source, sql, time, keys, ("cost", "usage"))
    for key in KEYS:
        if key not in found:
            found[key] = np.full(len(found[time]), currency if key == "currency" else "", object)
    return pd.DataFrame({name: found[name] for name in (time, *KEYS, "cost", "usage")}, copy=False)


def _days(since: date | None, until: date | None) -> str:
    after = f"usage_date >= date '{since}'" if since else "true"
    return f"{after} and usage_date <= date '{until}'" if until else after


def _of_deliveries(version: Version, since: date) -> str:
    """Lines of what counts in the build; the months that come before `since` aren't looked at (a day may lie a month off)."""
    first = f"{since.year - (since.month == 1)}-{(since.month - 2) % 12 + 1:02d}"
    wanted = {period: ids for period, ids in version.deliveries.items() if period >= first}
    ids = sorted({f"'{plain(one)}'" for several in wanted.values() for one in several})
    periods = sorted(f"'{plain(period)}'" for period in wanted)
    if not ids:
        return "false"
    return f"billing_period in ({', '.join(periods)}) and delivery_id in ({', '.join(ids)})"


def _columns(
    source: Published, sql: str, time: str, texts: Sequence[str], values: Sequence[str]
) -> dict[str, Any]:
    """A query's columns: `time` as datetime64, texts as str ("" for null) that equal rows share, values as float64."""
    times: list[Any] = [np.empty(0, "datetime64[ns]")]
    numbers: dict[str, list[Any]] = {name: [np.empty(0)] for name in values}
    words: dict[str, list[pa.Array]] = {name: [] for name in texts}
    for batch in source.batches(sql, (time, *texts)):
        times.append(_instants(batch[time]).to_numpy(zero_copy_only=False))
        for name in values:
            numbers[name].append(batch[name].cast(pa.float64()).to_numpy(zero_copy_only=False))
        for name in texts:
            words[name].append(pc.dictionary_encode(pc.fill_null(batch[name].cast(pa.string()), "")))
    made: dict[str, Any] = {time: np.concatenate(times)}
    made |= {name: _shared(words.pop(name)) for name in texts}
    return made | {name: np.concatenate(numbers.pop(name)) for name in values}


def _instants(values: pa.Array) -> pa.Array:
    """Days as they are; hours come as whole numbers since 1970, which both engines count alike."""
    if pa.types.is_integer(values.type):
        values = pc.multiply(values.cast(pa.int64()), 3600).cast(pa.timestamp("s"))
    return values.cast(pa.timestamp("ns"))


def _shared(parts: list[pa.Array]) -> Any:
    """An array of Python strings, one object for each different text."""
    if not parts:
        return np.empty(0, object)
    whole = pa.chunked_array(parts).unify_dictionaries()
    strings = np.array(whole.chunk(0).dictionary.to_pylist(), dtype=object)
    return np.concatenate([strings[chunk.indices.to_numpy()] for chunk in whole.chunks])


def plain(text: str) -> str:
    return text.replace("'", "''")
