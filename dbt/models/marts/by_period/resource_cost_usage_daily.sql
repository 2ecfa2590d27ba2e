{%- set resource = ['billing_period', 'usage_date', 'payer_id', 'account_id', 'resource_id'] %}

with days as (
    select *
    from {{ ref('int_resource_days') }}
    where {{ in_changed_periods() }}
),

-- A metric that came in two units on one day has no single value: it stays in resource_metrics_daily.
key_metrics as (
    select
        {{ resource | join(', ') }},
        metric,
        max(metric_value) as metric_value
    from {{ ref('resource_metrics_daily') }}
    where {{ in_changed_periods() }}
    group by {{ resource | join(', ') }}, metric
    having count(*) = 1 and count(metric_value) = 1
),

measured as (
    select
        {{ resource | join(', ') }},
        {{ collect_map('metric', 'metric_value') }} as metrics
    from key_metrics
    group by {{ resource | join(', ') }}
),

known as (
    select distinct
        billing_period,
        payer_id,
        account_id,
        resource_id
    from {{ ref('int_resource_sources') }}
    where {{ in_changed_periods() }}
),

shared as (
    select distinct
        billing_period,
        payer_id,
        account_id,
        resource_id
    from {{ ref('int_metric_resources') }}
    where match_quality = 'ambiguous' and {{ in_changed_periods() }}
),

pointed as (
    select *
    from {{ ref('int_resource_metric_days') }}
    where {{ in_changed_periods() }}
)

select
    days.billing_period,
    days.usage_date,
    days.payer_id,
    days.account_id,
    days.service,
    days.region,
    days.resource_id,
    days.resource_name,
    days.resource_type,
    days.currency,
    days.unblended_cost,
    days.net_amortized_cost,
    days.usage_amounts,
    measured.metrics,
    case
        when measured.resource_id is not null then null
        when days.service = 'unmapped' then 'not_in_catalogue'
        when known.resource_id is null then 'no_metrics_known'
        when shared.resource_id is not null then 'ambiguous'
        when pointed.resource_id is not null then 'only_other_metrics'
        else 'not_delivered'
    end as metrics_reason,
    days.line_count
from days
left join measured
    on
        {{ same_keys('days', 'measured', resource) }}
left join pointed
    on
        {{ same_keys('days', 'pointed', resource) }}
left join known
    on
        days.billing_period = known.billing_period
        and days.payer_id = known.payer_id
        and days.account_id = known.account_id
        and days.resource_id = known.resource_id
left join shared
    on
        days.billing_period = shared.billing_period
        and days.payer_id = shared.payer_id
        and days.account_id = shared.account_id
        and days.resource_id = shared.resource_id
