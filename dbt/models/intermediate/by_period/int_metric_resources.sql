-- Each resource that CloudWatch names, and the bill's resource that it is: by an id that AWS gave
-- (exact), or by a name that only one billed resource of its account, region and type has.
-- Several: ambiguous.
with named as (
    select
        billing_period,
        account_id,
        region,
        namespace,
        resource_type,
        resource_identity,
        count(distinct metric_name) as metric_count,
        min(usage_date) as first_date,
        max(usage_date) as last_date
    from {{ ref('int_metric_points') }}
    where {{ in_changed_periods() }}
    group by billing_period, account_id, region, namespace, resource_type, resource_identity
),

found as (
    select
        named.*,
        billed.payer_id,
        billed.resource_id,
        billed.id_from,
        billed.unique_in
    from named
    left join {{ ref('int_resource_sources') }} as billed
        on
            named.billing_period = billed.billing_period
            and named.account_id = billed.account_id
            and named.namespace = billed.namespace
            and named.resource_type = billed.resource_type
            and named.resource_identity = billed.resource_identity
            and (billed.unique_in = 'everywhere' or named.region = billed.region)
),

namesakes as (
    select
        billing_period,
        account_id,
        region,
        namespace,
        resource_type,
        resource_identity,
        count(distinct resource_id) as resource_count
    from found
    group by billing_period, account_id, region, namespace, resource_type, resource_identity
)

select
    found.billing_period,
    found.payer_id,
    found.account_id,
    found.region,
    found.namespace,
    found.resource_type,
    found.resource_identity,
    found.resource_id,
    found.metric_count,
    found.first_date,
    found.last_date,
    case
        when found.resource_id is null then 'none'
        when found.id_from = 'arn' then 'exact_arn'
        when found.unique_in = 'everywhere' then 'exact_id'
        when namesakes.resource_count = 1 then 'name_in_scope'
        else 'ambiguous'
    end as match_quality
from found
inner join namesakes
    on
        found.billing_period = namesakes.billing_period
        and found.account_id = namesakes.account_id
        and found.region = namesakes.region
        and found.namespace = namesakes.namespace
        and found.resource_type = namesakes.resource_type
        and found.resource_identity = namesakes.resource_identity
