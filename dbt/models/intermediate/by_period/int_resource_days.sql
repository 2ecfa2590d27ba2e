-- What each resource cost and used on each day. A resource is billed by several services (an instance and its
-- traffic); the service is the one whose type it is, so that a day of a resource is one row.
{%- set keys = ['billing_period', 'usage_date', 'payer_id', 'account_id', 'resource_id', 'currency'] %}

with charges as (
    select
        {{ keys | join(', ') }},
        resource_name,
        resource_type,
        service,
        region,
        charge_category,
        pricing_unit,
        {{ sum_money('unblended_cost') }} as unblended_cost,
        {{ sum_money('net_amortized_cost') }} as net_amortized_cost,
        {{ sum_money('usage_amount') }} as usage_amount,
        count(*) as line_count
    from {{ ref('int_billing_lines') }}
    where resource_id is not null and {{ in_changed_periods() }}
    group by
        {{ keys | join(', ') }}, resource_name, resource_type, service, region, charge_category, pricing_unit
),

owned as (
    select
        charges.*,
        owners.service as owning_service
    from charges
    left join {{ ref('resource_types') }} as owners on charges.resource_type = owners.resource_type
),

days as (
    select
        {{ keys | join(', ') }},
        max(resource_name) as resource_name,
        max(resource_type) as resource_type,
        coalesce(min(owning_service), min(service)) as service,
        coalesce(
            max({{ arn_region('resource_id') }}),
            min(region) filter (where service = owning_service),
            min(region)
        ) as region,
        {{ sum_money('unblended_cost') }} as unblended_cost,
        {{ sum_money('net_amortized_cost') }} as net_amortized_cost,
        count(*) filter (where charge_category = 'Usage') > 0 as is_used,
        cast(sum(line_count) as bigint) as line_count
    from owned
    group by {{ keys | join(', ') }}
),

units as (
    select
        {{ keys | join(', ') }},
        pricing_unit,
        {{ sum_money('usage_amount') }} as usage_amount
    from charges
    where charge_category = 'Usage' and pricing_unit is not null and usage_amount is not null
    group by {{ keys | join(', ') }}, pricing_unit
),

amounts as (
    select
        {{ keys | join(', ') }},
        {{ collect_map('pricing_unit', 'usage_amount') }} as usage_amounts
    from units
    group by {{ keys | join(', ') }}
)

select
    days.*,
    amounts.usage_amounts
from days
left join amounts
    on
        {{ same_keys('days', 'amounts', keys) }}
