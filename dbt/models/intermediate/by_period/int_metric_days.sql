-- Days on which anything of a namespace was delivered for an account and region.
select
    billing_period,
    usage_date,
    account_id,
    region,
    namespace,
    cast(sum(point_count) as bigint) as point_count
from {{ ref('stg_resource_metrics') }}
where {{ in_changed_periods() }}
group by billing_period, usage_date, account_id, region, namespace
