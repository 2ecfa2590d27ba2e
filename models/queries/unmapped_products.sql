-- Which product codes does the service catalogue not know, and what do they cost?
-- Quais códigos de produto o catálogo de serviços não conhece, e quanto custam?
select
    billing_period,
    product_code,
    service_name,
    currency,
    sum(unblended_cost) as unblended_cost,
    max(share_of_period) as share_of_period
from ${gold}.unmapped_spend
group by billing_period, product_code, service_name, currency
order by billing_period desc, unblended_cost desc, product_code, service_name, currency
