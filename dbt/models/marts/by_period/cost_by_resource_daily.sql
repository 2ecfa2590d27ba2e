select
    billing_period,
    usage_date,
    payer_id,
    account_id,
    service,
    service_name,
    service_category,
    region,
    resource_id,
    resource_arn,
    resource_name,
    resource_type,
    charge_category,
    pricing_category,
    {%- for dimension in var('dimensions') %}
    {{ dimension }},
    {%- endfor %}
    currency,
    {{- sum_costs() }},
    count(*) as line_count
from {{ ref('int_billing_lines') }}
where {{ in_changed_periods() }}
group by
    billing_period, usage_date, payer_id, account_id, service, service_name, service_category, region,
    resource_id, resource_arn, resource_name, resource_type,
    charge_category, pricing_category, {{ var('dimensions') | join(', ') }}, currency
