-- Deliveries that were loaded, each with the one before it of the same export and month.
select
    delivery_id,
    export_id,
    billing_period,
    source_format,
    sequence,
    delivered_at,
    ingested_at,
    is_current,
    lag(delivery_id) over (partition by export_id, billing_period order by position) as previous_delivery_id
from {{ ref('stg_deliveries') }}
where state in ('loaded', 'superseded')
