-- Which share of the money carries each cost dimension, by month?
-- Que parte do dinheiro tem cada dimensão de custo, por mês?
select
    billing_period,
    tag_key,
    currency,
    sum(tagged_usage_cost) as tagged_usage_cost,
    sum(usage_cost) as usage_cost,
    cast(sum(tagged_usage_cost) as double) / nullif(cast(sum(usage_cost) as double), 0) as tagged_share
from ${gold}.tag_coverage
where key_kind = 'dimension'
group by billing_period, tag_key, currency
order by billing_period desc, tag_key, currency
