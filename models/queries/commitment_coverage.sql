-- How much usage runs on demand, committed or on spot, by month?
-- Quanto do uso é sob demanda, com compromisso ou spot, por mês?
select
    billing_period,
    pricing_category,
    currency,
    sum(net_amortized_cost) as net_amortized_cost,
    sum(list_cost) as list_cost
from ${gold}.cost_daily
where charge_category = 'Usage'
group by billing_period, pricing_category, currency
order by billing_period desc, net_amortized_cost desc, pricing_category, currency
