with months as (
    select
        service,
        service_name,
        billing_period,
        max(service_category) as service_category
    from {{ ref('cost_daily') }}
    group by service, service_name, billing_period
)

select
    service,
    service_name,
    max_by(service_category, billing_period) as service_category,
    service <> 'unmapped' as is_mapped,
    min(billing_period) as first_billing_period,
    max(billing_period) as last_billing_period
from months
group by service, service_name
