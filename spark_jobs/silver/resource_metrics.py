"""Silver resource_metrics: one day's delivered points in, the contract's rows by hour and by day out; pure.

Contract: models/silver/resource_metrics.odcs.yaml. `F` is the active engine's functions module (PySpark's API).
"""

from __future__ import annotations

from typing import Any

from finlake.contracts import load_contract

RECIPE = 1
"""Goes up with every change of what this job gives for the same points: silver is then made anew from bronze."""
SERIES = ("account_id", "region", "namespace", "metric_name", "dimensions_text", "unit")
VALUES = ("dimensions", "minimum", "maximum", "sum", "sample_count", "statistics")


def transform(points: Any, contents: Any, F: Any) -> Any:
    """Points of bronze.metric_points that begin in one UTC day, and contents (content_id, place: text that sorts by delivery)
    -> one row per hour or day and series. Each point counts once, as it was delivered last; no hour is filled."""
    current = _newest(points, contents, F)
    rows = _grain(current, "hour", F).unionByName(_grain(current, "day", F))
    return _summed(rows, F).select(
        *[F.col(n) for n in load_contract("silver", "resource_metrics").column_names]
    )


def _newest(points: Any, contents: Any, F: Any) -> Any:
    """One row per series and time of point: of the file delivered last, and in it the last."""
    order = F.struct(F.col("place"), F.col("content_id"), F.col("position"))
    last = F.max_by(F.struct(*[F.col(name) for name in VALUES]), order).alias("last")
    found = points.join(contents, on="content_id", how="inner").groupBy(*SERIES, "begins_at").agg(last)
    values = [F.col("last").getField(name).alias(name) for name in VALUES]
    return found.select(*[F.col(name) for name in (*SERIES, "begins_at")], *values)


def _grain(current: Any, grain: str, F: Any) -> Any:
    return current.withColumns(
        {"grain": F.lit(grain), "period_start": F.date_trunc(grain, F.col("begins_at"))}
    )


def _summed(rows: Any, F: Any) -> Any:
    """The contract's measures. Sums of doubles are added in the order of time, so that they never depend on the engine's own."""
    in_time = F.array_sort(F.collect_list(F.struct(F.col("begins_at"), F.col("sum"), F.col("sample_count"))))
    summed = rows.groupBy("grain", "period_start", *SERIES).agg(
        F.first(F.col("dimensions")).alias("dimensions"),
        F.min(F.col("minimum")).alias("minimum"),
        F.max(F.col("maximum")).alias("maximum"),
        F.count(F.lit(1)).alias("point_count"),
        F.first(F.col("statistics")).alias("statistics"),
        F.count(F.col("statistics")).alias("with_statistics"),
        in_time.alias("in_time"),
    )
    added = summed.withColumns({name: _total(name, F) for name in ("sum", "sample_count")})
    single = (F.col("point_count") == F.lit(1)) & (F.col("with_statistics") == F.lit(1))
    several = F.col("with_statistics") > F.lit(0)
    return added.withColumns(
        {
            "usage_date": F.to_date(F.col("period_start")),
            "billing_period": F.date_format(F.col("period_start"), "yyyy-MM"),
            "average": F.when(F.col("sample_count") != F.lit(0.0), F.col("sum") / F.col("sample_count")),
            "percentiles": F.when(single, F.col("statistics")),
            "percentiles_reason": F.when(single, F.lit(None).cast("string"))
            .when(several, F.lit("not_mergeable"))
            .otherwise(F.lit("not_delivered")),
        }
    )


def _total(name: str, F: Any) -> Any:
    values = F.transform(F.col("in_time"), lambda point: point.getField(name))
    return F.aggregate(values, F.lit(0.0).cast("double"), lambda total, value: total + value)
