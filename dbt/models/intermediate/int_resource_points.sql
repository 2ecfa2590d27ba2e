-- Days of metrics of resources that the bill knows. A name that several billed resources share gives no row.
select
    points.*,
    resources.payer_id,
    resources.resource_id
from {{ ref('int_metric_points') }} as points
inner join {{ ref('int_metric_resources') }} as resources
    on
        points.billing_period = resources.billing_period
        and points.account_id = resources.account_id
        and points.region = resources.region
        and points.namespace = resources.namespace
        and points.resource_type = resources.resource_type
        and points.resource_identity = resources.resource_identity
where resources.match_quality not in ('none', 'ambiguous')
