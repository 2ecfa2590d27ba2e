{%- set attributes = [
    'resource_arn', 'resource_name', 'resource_type', 'service', 'service_name', 'region'
] + var('dimensions') -%}

with seen as (
    select
        payer_id,
        account_id,
        resource_id,
        min(usage_date) as first_usage_date,
        max(usage_date) as last_usage_date
    from {{ ref('cost_by_resource_daily') }}
    where resource_id is not null
    group by payer_id, account_id, resource_id
),

newest as (
    select
        {%- for attribute in attributes %}
        costs.{{ attribute }},
        {%- endfor %}
        seen.payer_id,
        seen.account_id,
        seen.resource_id,
        seen.first_usage_date,
        seen.last_usage_date
    from seen
    inner join {{ ref('cost_by_resource_daily') }} as costs
        on
            seen.payer_id = costs.payer_id
            and seen.account_id = costs.account_id
            and seen.resource_id = costs.resource_id
            and seen.last_usage_date = costs.usage_date
),

-- A resource shows the attributes of its newest day; of several on that day, the first in alphabetical order.
ranked as (
    select
        *,
        row_number() over (
            partition by payer_id, account_id, resource_id
            order by {{ attributes | join(' asc nulls last, ') }} asc nulls last
        ) as place
    from newest
)

select
    payer_id,
    account_id,
    resource_id,
    {{ attributes | join(', ') }},
    first_usage_date,
    last_usage_date
from ranked
where place = 1
