-- What does each team cost by month, money without a team included?
-- Quanto custa cada time por mês, incluído o dinheiro sem time?
select
    billing_period,
    team,
    currency,
    sum(net_amortized_cost) as net_amortized_cost
from ${gold}.cost_daily
where charge_category = 'Usage'
group by billing_period, team, currency
order by billing_period desc, net_amortized_cost desc, team, currency
