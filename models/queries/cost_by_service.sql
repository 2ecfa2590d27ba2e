-- Which services cost most in the newest month?
-- Quais serviços custam mais no mês mais recente?
with last_month as (
    select
        payer_id,
        max(billing_period) as billing_period
    from ${gold}.freshness
    group by payer_id
)

select
    d.billing_period,
    d.service,
    d.service_name,
    d.service_category,
    d.currency,
    sum(d.net_amortized_cost) as net_amortized_cost
from ${gold}.cost_daily as d
inner join last_month as l on d.payer_id = l.payer_id and d.billing_period = l.billing_period
group by d.billing_period, d.service, d.service_name, d.service_category, d.currency
order by net_amortized_cost desc, d.billing_period, d.service, d.service_name, d.currency
