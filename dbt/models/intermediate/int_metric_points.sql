-- Days of metrics that the catalogue knows, with what they call their resource. `metric` is the catalogue's
-- name where the dimensions are exactly those of the whole resource; null for a breakdown (by zone).
with sources as (
    select distinct
        service,
        resource_type,
        id_from,
        namespace,
        dimension,
        second_dimension,
        identity_like,
        unique_in,
        home_region
    from {{ ref('service_metrics') }}
),

named as (
    select
        points.*,
        sources.service,
        sources.resource_type,
        sources.dimension,
        sources.identity_like,
        {{ metric_identity('points.dimensions', 'sources.dimension', 'sources.second_dimension') }}
            as resource_identity
    from {{ ref('stg_resource_metrics') }} as points
    inner join sources on points.namespace = sources.namespace
)

select
    named.billing_period,
    named.usage_date,
    named.account_id,
    named.region,
    named.namespace,
    named.metric_name,
    named.resource_type,
    named.resource_identity,
    metrics.metric,
    metrics.statistic,
    named.unit,
    named.minimum,
    named.maximum,
    named.average,
    named.total,
    named.sample_count,
    named.point_count,
    {{ map_value('named.percentiles', 'metrics.statistic') }} as percentile,
    {{ map_value('named.percentiles', "'p99'") }} as p99,
    named.percentiles_reason
from named
left join {{ ref('service_metrics') }} as metrics
    on
        named.resource_type = metrics.resource_type
        and named.namespace = metrics.namespace
        and named.dimension = metrics.dimension
        and named.identity_like = metrics.identity_like
        and named.metric_name = metrics.metric_name
        and (
            metrics.fixed_dimension is null
            or {{ map_value('named.dimensions', 'metrics.fixed_dimension') }} = metrics.fixed_value
        )
        and cardinality(named.dimensions) = 1
        + case when metrics.second_dimension is null then 0 else 1 end
        + case when metrics.fixed_dimension is null then 0 else 1 end
where named.resource_identity like named.identity_like
