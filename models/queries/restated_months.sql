-- What has AWS changed in months that were delivered before?
-- O que a AWS mudou em meses já entregues?
select
    billing_period,
    delivered_at,
    currency,
    sum(earlier_days) as earlier_days,
    sum(new_days) as new_days,
    sum(closing_lines) as closing_lines,
    sum(total) as total
from ${gold}.restatements
where measure = 'unblended_cost'
group by billing_period, delivered_at, currency
order by delivered_at desc, billing_period, currency
