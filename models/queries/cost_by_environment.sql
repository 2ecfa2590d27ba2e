-- What do production and the other environments cost by month?
-- Quanto custam a produção e os outros ambientes por mês?
select
    billing_period,
    env,
    currency,
    sum(net_amortized_cost) as net_amortized_cost
from ${gold}.cost_daily
where charge_category = 'Usage'
group by billing_period, env, currency
order by billing_period desc, net_amortized_cost desc, env, currency
