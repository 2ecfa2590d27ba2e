-- What each resource cost and used on each day. A resource is billed by several services (an instance and its
-- traffic); the service is the one whose type it is: a day of a resource is one row. Lines are summed by unit
-- first, so that Athena reads them once.
{%- set keys = ['billing_period', 'usage_date', 'payer_id', 'account_id', 'resource_id', 'currency'] %}
{%- set used = "case when charge_category = 'Usage' then usage_amount end" %}
{%- set known = 'pricing_unit is not null and usage_amount is not null' %}

with charges as (
    select *
    from {{ ref('int_billing_lines') }}
    where resource_id is not null and {{ in_changed_periods() }}
),

owned as (
    select
        charges.*,
        owners.service as owning_service
    from charges
    left join {{ ref('resource_types') }} as owners on charges.resource_type = owners.resource_type
),

units as (
    select
        {{ keys | join(', ') }},
        pricing_unit,
        max(resource_name) as resource_name,
        max(resource_type) as resource_type,
        min(owning_service) as owning_service,
        min(service) as service,
        min(region) filter (where service = owning_service) as owning_region,
        min(region) as region,
        {{ sum_money('unblended_cost') }} as unblended_cost,
        {{ sum_money('net_amortized_cost') }} as net_amortized_cost,
        {{ sum_money(used) }} as usage_amount,
        count(*) filter (where charge_category = 'Usage') as usage_count,
        count(*) as line_count
    from owned
    group by {{ keys | join(', ') }}, pricing_unit
)

select
    {{ keys | join(', ') }},
    max(resource_name) as resource_name,
    max(resource_type) as resource_type,
    coalesce(min(owning_service), min(service)) as service,
    coalesce(max({{ arn_region('resource_id') }}), min(owning_region), min(region)) as region,
    {{ sum_money('unblended_cost') }} as unblended_cost,
    {{ sum_money('net_amortized_cost') }} as net_amortized_cost,
    sum(usage_count) > 0 as is_used,
    cast(sum(line_count) as bigint) as line_count,
    {{ collect_map('pricing_unit', 'usage_amount', known) }} as usage_amounts
from units
group by {{ keys | join(', ') }}
