with source as (
    select * from {{ source('silver', 'billing_authority') }}
),

renamed as (
    select
        payer_id,
        billing_period,
        export_id,
        source_format
    from source
)

select * from renamed
