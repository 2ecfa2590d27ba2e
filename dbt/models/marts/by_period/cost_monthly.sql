select
    billing_period,
    payer_id,
    account_id,
    product_code,
    service_name,
    charge_type,
    currency,
    {{- sum_costs() }},
    count(*) as line_count
from {{ ref('int_billing_lines') }}
where {{ in_changed_periods() }}
group by billing_period, payer_id, account_id, product_code, service_name, charge_type, currency
