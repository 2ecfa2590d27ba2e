-- Which hundred resources cost most in the newest month, and whose are they?
-- Quais cem recursos custam mais no mês mais recente, e de quem são?
with last_month as (
    select
        payer_id,
        max(billing_period) as billing_period
    from ${gold}.freshness
    group by payer_id
)

select
    d.resource_id,
    d.resource_name,
    d.resource_type,
    d.service_name,
    d.account_id,
    d.region,
    d.team,
    d.env,
    d.currency,
    sum(d.net_amortized_cost) as net_amortized_cost
from ${gold}.cost_by_resource_daily as d
inner join last_month as l on d.payer_id = l.payer_id and d.billing_period = l.billing_period
where d.resource_id is not null
group by
    d.resource_id, d.resource_name, d.resource_type, d.service_name, d.account_id, d.region, d.team, d.env, d.currency
order by net_amortized_cost desc, d.account_id, d.resource_id, d.service_name, d.team, d.env, d.currency
limit 100
