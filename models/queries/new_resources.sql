-- Which resources are new in the newest month, and what did they cost?
-- Quais recursos são novos no mês mais recente, e quanto custaram?
with last_month as (
    select
        payer_id,
        max(billing_period) as billing_period
    from ${gold}.freshness
    group by payer_id
)

select
    d.resource_id,
    r.resource_name,
    r.service_name,
    d.account_id,
    r.first_usage_date,
    d.currency,
    sum(d.net_amortized_cost) as net_amortized_cost
from ${gold}.cost_by_resource_daily as d
inner join last_month as l on d.payer_id = l.payer_id and d.billing_period = l.billing_period
inner join ${gold}.dim_resource as r
    on d.payer_id = r.payer_id and d.account_id = r.account_id and d.resource_id = r.resource_id
where substr(cast(r.first_usage_date as varchar), 1, 7) = l.billing_period
group by d.resource_id, r.resource_name, r.service_name, d.account_id, r.first_usage_date, d.currency
order by net_amortized_cost desc, d.account_id, d.resource_id, d.currency
limit 100
