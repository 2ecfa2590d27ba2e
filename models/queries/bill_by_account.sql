-- What does each account cost on the newest month's bill?
-- Quanto custa cada conta na fatura do mês mais recente?
with last_month as (
    select
        payer_id,
        max(billing_period) as billing_period
    from ${gold}.freshness
    group by payer_id
)

select
    m.billing_period,
    m.account_id,
    a.account_name,
    m.currency,
    sum(m.unblended_cost) as unblended_cost,
    sum(m.net_amortized_cost) as net_amortized_cost
from ${gold}.cost_monthly as m
inner join last_month as l on m.payer_id = l.payer_id and m.billing_period = l.billing_period
left join ${gold}.dim_account as a on m.payer_id = a.payer_id and m.account_id = a.account_id
group by m.billing_period, m.account_id, a.account_name, m.currency
order by net_amortized_cost desc, m.billing_period, m.account_id, m.currency
