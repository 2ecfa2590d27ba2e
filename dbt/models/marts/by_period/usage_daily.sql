select
    billing_period,
    usage_date,
    payer_id,
    account_id,
    service,
    service_category,
    region,
    usage_type,
    resource_id,
    resource_type,
    charge_category,
    charge_class,
    charge_frequency,
    pricing_category,
    commitment_type,
    pricing_unit,
    {%- for dimension in var('dimensions') %}
    {{ dimension }},
    {%- endfor %}
    currency,
    {{ sum_money('usage_amount') }} as usage_amount,
    {{- sum_costs() }},
    count(*) as line_count
from {{ ref('int_billing_lines') }}
where {{ in_changed_periods() }}
group by
    billing_period, usage_date, payer_id, account_id, service, service_category, region, usage_type,
    resource_id, resource_type, charge_category, charge_class, charge_frequency, pricing_category,
    commitment_type, pricing_unit, {{ var('dimensions') | join(', ') }}, currency
