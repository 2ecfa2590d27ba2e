with source as (
    select * from {{ source('silver', 'source_totals') }}
),

renamed as (
    select
        delivery_id,
        export_id,
        billing_period,
        payer_id,
        currency,
        line_count,
        unblended_cost,
        net_unblended_cost,
        blended_cost,
        amortized_cost,
        net_amortized_cost
    from source
)

select * from renamed
