-- Days on which a billed resource has at least one point of any metric.
select distinct
    billing_period,
    usage_date,
    payer_id,
    account_id,
    resource_id
from {{ ref('int_resource_points') }}
where {{ in_changed_periods() }}
