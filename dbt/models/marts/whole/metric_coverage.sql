{%- set resource = ['billing_period', 'payer_id', 'account_id', 'resource_id'] %}

with costs as (
    select
        {{ resource | join(', ') }},
        currency,
        min(service) as service,
        max(region) as region,
        max(resource_name) as resource_name,
        max(resource_type) as resource_type,
        {{ sum_money('unblended_cost') }} as unblended_cost,
        {{ sum_money('net_amortized_cost') }} as net_amortized_cost,
        count(*) as cost_days,
        max(usage_date) as last_usage_date
    from {{ ref('int_resource_days') }}
    group by {{ resource | join(', ') }}, currency
),

first_days as (
    select
        payer_id,
        account_id,
        resource_id,
        min(usage_date) as first_usage_date
    from {{ ref('int_resource_days') }}
    group by payer_id, account_id, resource_id
),

first_bills as (
    select
        payer_id,
        min(usage_date) as first_usage_date
    from {{ ref('int_resource_days') }}
    group by payer_id
),

measured as (
    select
        {{ resource | join(', ') }},
        cast(sum(metric_count) filter (where match_quality <> 'ambiguous') as bigint) as metric_count,
        min(first_date) filter (where match_quality <> 'ambiguous') as first_metric_date,
        max(last_date) filter (where match_quality <> 'ambiguous') as last_metric_date,
        min(
            case match_quality
                when 'exact_arn' then 1
                when 'exact_id' then 2
                when 'name_in_scope' then 3
                else 4
            end
        ) as quality
    from {{ ref('int_metric_resources') }}
    where resource_id is not null
    group by {{ resource | join(', ') }}
),

metric_days as (
    select
        {{ resource | join(', ') }},
        count(*) as metric_days
    from {{ ref('int_resource_metric_days') }}
    group by {{ resource | join(', ') }}
),

switched_on as (
    select
        account_id,
        region,
        namespace,
        min(usage_date) as first_date
    from {{ ref('int_metric_days') }}
    group by account_id, region, namespace
),

sources as (
    select
        sources.{{ resource | join(', sources.') }},
        min(switched_on.first_date) as switched_on_date
    from {{ ref('int_resource_sources') }} as sources
    left join switched_on
        on
            sources.account_id = switched_on.account_id
            and sources.region = switched_on.region
            and sources.namespace = switched_on.namespace
    group by sources.{{ resource | join(', sources.') }}
),

judged as (
    select
        costs.*,
        first_days.first_usage_date,
        coalesce(measured.metric_count, 0) as metric_count,
        measured.first_metric_date,
        measured.last_metric_date,
        coalesce(metric_days.metric_days, 0) as metric_days,
        measured.quality,
        sources.resource_id is not null as is_known,
        coalesce(sources.switched_on_date <= costs.last_usage_date, false) as is_switched_on,
        first_days.first_usage_date > first_bills.first_usage_date
        and date_diff('day', first_days.first_usage_date, costs.last_usage_date) + 1
        < coalesce(known_types.days_to_judge, 0) as is_young
    from costs
    inner join first_days
        on
            costs.payer_id = first_days.payer_id
            and costs.account_id = first_days.account_id
            and costs.resource_id = first_days.resource_id
    inner join first_bills on costs.payer_id = first_bills.payer_id
    left join {{ ref('resource_types') }} as known_types on costs.resource_type = known_types.resource_type
    left join measured
        on
            {{ same_keys('costs', 'measured', resource) }}
    left join metric_days
        on
            {{ same_keys('costs', 'metric_days', resource) }}
    left join sources
        on
            {{ same_keys('costs', 'sources', resource) }}
)

select
    {{ resource | join(', ') }},
    currency,
    service,
    region,
    resource_name,
    resource_type,
    unblended_cost,
    net_amortized_cost,
    first_usage_date,
    last_usage_date,
    cost_days,
    metric_count,
    first_metric_date,
    last_metric_date,
    metric_days,
    case quality
        when 1 then 'exact_arn'
        when 2 then 'exact_id'
        when 3 then 'name_in_scope'
        when 4 then 'ambiguous'
        else 'none'
    end as match_quality,
    case
        when metric_days > 0 and is_young then 'too_young'
        when metric_days > 0 then null
        when service = 'unmapped' then 'not_in_catalogue'
        when not is_known then 'no_metrics_known'
        when quality = 4 then 'ambiguous'
        when not is_switched_on then 'not_enabled'
        when is_young then 'too_young'
        else 'not_delivered'
    end as reason
from judged
