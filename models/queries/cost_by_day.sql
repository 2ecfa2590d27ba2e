-- What does a day cost, over the last 30 days with usage?
-- Quanto custa um dia, nos últimos 30 dias com uso?
with newest as (
    select max(last_usage_date) as last_usage_date
    from ${gold}.freshness
)

select
    d.usage_date,
    d.currency,
    sum(d.net_amortized_cost) as net_amortized_cost
from ${gold}.cost_daily as d
cross join newest as n
where d.charge_category = 'Usage' and d.usage_date > n.last_usage_date - interval '30' day
group by d.usage_date, d.currency
order by d.usage_date, d.currency
