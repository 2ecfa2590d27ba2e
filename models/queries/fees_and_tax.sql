-- What on the bill is no usage: tax, support, upfront and recurring fees?
-- O que na fatura não é uso: impostos, suporte, taxas iniciais e recorrentes?
select
    billing_period,
    charge_category,
    service_name,
    currency,
    sum(unblended_cost) as unblended_cost
from ${gold}.cost_daily
where charge_category <> 'Usage'
group by billing_period, charge_category, service_name, currency
order by billing_period desc, charge_category, unblended_cost desc, service_name, currency
