-- Which services changed most from one month to the next?
-- Quais serviços mais mudaram de um mês para o outro?
with months as (
    select
        payer_id,
        service_name,
        currency,
        billing_period,
        sum(net_amortized_cost) as cost
    from ${gold}.cost_monthly
    group by payer_id, service_name, currency, billing_period
),

known as (
    select
        payer_id,
        currency,
        billing_period,
        lag(billing_period) over (partition by payer_id, currency order by billing_period) as month_before
    from ${gold}.freshness
)

select
    k.billing_period,
    k.month_before,
    k.payer_id,
    coalesce(m.service_name, b.service_name) as service_name,
    k.currency,
    coalesce(m.cost, 0) as cost,
    coalesce(b.cost, 0) as cost_before,
    coalesce(m.cost, 0) - coalesce(b.cost, 0) as difference
from known as k
inner join (select distinct payer_id, service_name, currency from months) as s
    on k.payer_id = s.payer_id and k.currency = s.currency
left join months as m
    on k.payer_id = m.payer_id and k.currency = m.currency and k.billing_period = m.billing_period
    and s.service_name = m.service_name
left join months as b
    on k.payer_id = b.payer_id and k.currency = b.currency and k.month_before = b.billing_period
    and s.service_name = b.service_name
where k.month_before is not null and (m.cost is not null or b.cost is not null)
order by k.billing_period desc, abs(coalesce(m.cost, 0) - coalesce(b.cost, 0)) desc, k.payer_id, service_name, k.currency
