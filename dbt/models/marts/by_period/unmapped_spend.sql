with unmapped as (
    select
        billing_period,
        payer_id,
        product_code,
        service_name,
        currency,
        {{- sum_costs() }},
        count(*) as line_count
    from {{ ref('int_billing_lines') }}
    where service = 'unmapped' and {{ in_changed_periods() }}
    group by billing_period, payer_id, product_code, service_name, currency
),

periods as (
    select
        billing_period,
        payer_id,
        currency,
        {{ sum_money('net_amortized_cost') }} as net_amortized_cost
    from {{ ref('int_account_periods') }}
    group by billing_period, payer_id, currency
)

select
    unmapped.*,
    {{ divide('unmapped.net_amortized_cost', 'periods.net_amortized_cost') }} as share_of_period
from unmapped
inner join periods
    on
        unmapped.billing_period = periods.billing_period
        and unmapped.payer_id = periods.payer_id
        and unmapped.currency = periods.currency
