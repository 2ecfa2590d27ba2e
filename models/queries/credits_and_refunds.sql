-- Which credits and refunds did AWS give, by month and account?
-- Quais créditos e reembolsos a AWS deu, por mês e conta?
select
    billing_period,
    account_id,
    product_code,
    charge_type,
    currency,
    sum(unblended_cost) as unblended_cost
from ${gold}.cost_monthly
where charge_type in ('Credit', 'Refund')
group by billing_period, account_id, product_code, charge_type, currency
order by billing_period desc, unblended_cost, account_id, product_code, charge_type, currency
