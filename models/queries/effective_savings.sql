-- What do discounts and commitments save against list prices, by month?
-- Quanto descontos e compromissos economizam em relação ao preço de tabela, por mês?
select
    billing_period,
    payer_id,
    currency,
    sum(list_cost) as list_cost,
    sum(net_amortized_cost) as net_amortized_cost,
    sum(list_cost) - sum(net_amortized_cost) as saved,
    cast(sum(list_cost) - sum(net_amortized_cost) as double) / nullif(cast(sum(list_cost) as double), 0) as saved_share
from ${gold}.cost_daily
where charge_category = 'Usage' and list_cost is not null
group by billing_period, payer_id, currency
order by billing_period desc, payer_id, currency
