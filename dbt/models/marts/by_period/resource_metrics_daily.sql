-- Delivered days of the catalogue's metrics, and zeros where AWS documents that silence means none.
{%- set resource = ['billing_period', 'usage_date', 'payer_id', 'account_id', 'resource_id'] %}

with delivered as (
    select
        {{ resource | join(', ') }},
        region,
        resource_type,
        namespace,
        metric,
        metric_name,
        unit,
        statistic,
        case statistic
            when 'Sum' then total
            when 'Average' then average
            when 'Minimum' then minimum
            when 'Maximum' then maximum
            when 'SampleCount' then sample_count
            else percentile
        end as metric_value,
        percentiles_reason,
        minimum,
        average,
        maximum,
        total,
        p99,
        sample_count,
        point_count
    from {{ ref('int_resource_points') }}
    where metric is not null and {{ in_changed_periods() }}
),

running_days as (
    select distinct
        billing_period,
        usage_date,
        account_id,
        region
    from {{ ref('int_metric_days') }}
    where {{ in_changed_periods() }}
),

-- The first and the last day that an account and region delivered may be half a day:
-- silence says nothing there.
running as (
    select
        billing_period,
        account_id,
        region,
        min(usage_date) as first_date,
        max(usage_date) as last_date
    from running_days
    group by billing_period, account_id, region
),

whole_days as (
    select running_days.*
    from running_days
    inner join running
        on
            running_days.billing_period = running.billing_period
            and running_days.account_id = running.account_id
            and running_days.region = running.region
    where
        (running_days.usage_date > running.first_date or extract(day from running_days.usage_date) = 1)
        and (
            running_days.usage_date < running.last_date
            or extract(day from running_days.usage_date + interval '1' day) = 1
        )
),

switched_on as (
    select distinct
        billing_period,
        account_id,
        region,
        namespace
    from {{ ref('int_metric_days') }}
    where {{ in_changed_periods() }}
),

could_be_silent as (
    select distinct
        billed.billing_period,
        billed.usage_date,
        billed.payer_id,
        billed.account_id,
        billed.resource_id,
        sources.region,
        sources.resource_type,
        sources.namespace,
        metrics.metric,
        metrics.metric_name,
        metrics.statistic
    from {{ ref('int_resource_days') }} as billed
    inner join {{ ref('int_resource_sources') }} as sources
        on
            billed.billing_period = sources.billing_period
            and billed.payer_id = sources.payer_id
            and billed.account_id = sources.account_id
            and billed.resource_id = sources.resource_id
    inner join {{ ref('service_metrics') }} as metrics
        on
            sources.resource_type = metrics.resource_type
            and sources.namespace = metrics.namespace
            and sources.identity_like = metrics.identity_like
    inner join whole_days
        on
            billed.usage_date = whole_days.usage_date
            and billed.account_id = whole_days.account_id
            and sources.region = whole_days.region
    inner join switched_on
        on
            billed.billing_period = switched_on.billing_period
            and billed.account_id = switched_on.account_id
            and sources.region = switched_on.region
            and sources.namespace = switched_on.namespace
    left join {{ ref('int_metric_resources') }} as namesakes
        on
            billed.billing_period = namesakes.billing_period
            and billed.account_id = namesakes.account_id
            and billed.resource_id = namesakes.resource_id
            and sources.namespace = namesakes.namespace
            and namesakes.match_quality = 'ambiguous'
    where
        billed.is_used
        and metrics.silence = 'zero'
        and namesakes.resource_id is null
        and {{ in_changed_periods('billed.billing_period') }}
),

silent as (
    select could_be_silent.*
    from could_be_silent
    left join {{ ref('int_resource_points') }} as points
        on
            could_be_silent.billing_period = points.billing_period
            and could_be_silent.usage_date = points.usage_date
            and could_be_silent.payer_id = points.payer_id
            and could_be_silent.account_id = points.account_id
            and could_be_silent.resource_id = points.resource_id
            and could_be_silent.namespace = points.namespace
            and could_be_silent.metric_name = points.metric_name
    where points.resource_id is null
)

select
    {{ resource | join(', ') }},
    region,
    resource_type,
    namespace,
    metric,
    metric_name,
    unit,
    'delivered' as basis,
    statistic,
    metric_value,
    case
        when metric_value is null then coalesce(percentiles_reason, 'not_delivered')
    end as metric_value_reason,
    minimum,
    average,
    maximum,
    total,
    p99,
    sample_count,
    point_count
from delivered
union all
select
    {{ resource | join(', ') }},
    region,
    resource_type,
    namespace,
    metric,
    metric_name,
    null as unit,
    'documented_zero' as basis,
    statistic,
    0 as metric_value,
    null as metric_value_reason,
    null as minimum,
    null as average,
    null as maximum,
    0 as total,
    null as p99,
    0 as sample_count,
    0 as point_count
from silent
