-- What did AWS bill in each month, and is the month final?
-- Quanto a AWS faturou em cada mês, e o mês está final?
select
    billing_period,
    payer_id,
    currency,
    unblended_cost,
    final_unblended_cost,
    final_share,
    last_usage_date,
    delivered_at
from ${gold}.freshness
order by billing_period desc, payer_id, currency
