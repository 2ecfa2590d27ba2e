-- One scan of the lines gives what reconciliation, freshness and dim_account need of silver.
select
    billing_period,
    payer_id,
    account_id,
    currency,
    max(payer_name) as payer_name,
    max(account_name) as account_name,
    max(usage_date) filter (where charge_category = 'Usage') as last_usage_date,
    max(gross_cost_basis) as gross_cost_basis,
    case
        when count(unblended_cost) > 0 and count(is_final) > 0
            then {{ sum_money('unblended_cost', where='is_final') }}
    end as final_unblended_cost,
    {{- sum_costs() }},
    count(*) as line_count
from {{ ref('int_billing_lines') }}
where {{ in_changed_periods() }}
group by billing_period, payer_id, account_id, currency
