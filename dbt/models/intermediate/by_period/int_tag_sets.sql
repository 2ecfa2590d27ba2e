-- What each set of tags, cost categories and dimensions cost. Tag coverage looks at it once for each kind of
-- key; the bill's lines, whose maps are their heaviest columns, are read once.
select
    billing_period,
    payer_id,
    account_id,
    service,
    currency,
    {%- for dimension in var('dimensions') %}
    {{ dimension }},
    {%- endfor %}
    resource_tags,
    cost_categories,
    {{ sum_money('net_amortized_cost') }} as cost,
    {{ sum_money('net_amortized_cost', where="charge_category = 'Usage'") }} as usage_cost
from {{ ref('int_billing_lines') }}
where {{ in_changed_periods() }}
group by
    billing_period, payer_id, account_id, service, currency, {{ var('dimensions') | join(', ') }},
    resource_tags, cost_categories
