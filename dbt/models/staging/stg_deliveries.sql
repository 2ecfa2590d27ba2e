with source as (
    select * from {{ source('silver', 'deliveries') }}
),

renamed as (
    select
        delivery_id,
        export_id,
        billing_period,
        source_format,
        sequence,
        position,
        cast(delivered_at as timestamp) as delivered_at,
        cast(ingested_at as timestamp) as ingested_at,
        state,
        is_current
    from source
)

select * from renamed
