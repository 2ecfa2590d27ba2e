-- Does every figure equal what AWS delivered?
-- Todo valor é igual ao que a AWS entregou?
select
    billing_period,
    payer_id,
    currency,
    measure,
    source_total,
    cost_daily_total,
    cost_daily_difference,
    is_reconciled
from ${gold}.reconciliation
order by is_reconciled, billing_period desc, payer_id, currency, measure
