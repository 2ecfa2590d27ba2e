-- Which costly resources have no CloudWatch metrics, and why?
-- Quais recursos caros não têm métricas do CloudWatch, e por quê?
with last_month as (
    select
        payer_id,
        max(billing_period) as billing_period
    from ${gold}.freshness
    group by payer_id
)

select
    c.resource_id,
    c.resource_name,
    c.service,
    c.account_id,
    c.region,
    c.reason,
    c.currency,
    c.net_amortized_cost
from ${gold}.metric_coverage as c
inner join last_month as l on c.payer_id = l.payer_id and c.billing_period = l.billing_period
where c.metric_count = 0
order by c.net_amortized_cost desc, c.account_id, c.resource_id, c.currency
limit 100
