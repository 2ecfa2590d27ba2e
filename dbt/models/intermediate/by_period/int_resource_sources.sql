-- Which namespaces of CloudWatch speak of a billed resource, where, and what they call it.
-- No row: none that the catalogue knows.
with resources as (
    select
        billing_period,
        payer_id,
        account_id,
        resource_id,
        max(resource_name) as resource_name,
        max(resource_type) as resource_type,
        max(region) as region
    from {{ ref('int_resource_days') }}
    where {{ in_changed_periods() }}
    group by billing_period, payer_id, account_id, resource_id
),

sources as (
    select distinct
        resource_type,
        id_from,
        namespace,
        identity_like,
        unique_in,
        home_region
    from {{ ref('service_metrics') }}
),

called as (
    select
        resources.billing_period,
        resources.payer_id,
        resources.account_id,
        resources.resource_id,
        resources.resource_type,
        coalesce(sources.home_region, resources.region) as region,
        sources.namespace,
        sources.id_from,
        sources.identity_like,
        sources.unique_in,
        {{ billed_identity('sources.id_from', 'resources.resource_id', 'resources.resource_name') }}
            as resource_identity
    from resources
    inner join sources on resources.resource_type = sources.resource_type
)

select *
from called
where resource_identity like identity_like
