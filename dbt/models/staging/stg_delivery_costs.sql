with source as (
    select * from {{ source('silver', 'delivery_costs') }}
),

renamed as (
    select
        export_id,
        billing_period,
        delivery_id,
        payer_id,
        account_id,
        product_code,
        currency,
        usage_date,
        is_closing_line,
        unblended_cost,
        net_unblended_cost,
        amortized_cost,
        net_amortized_cost
    from source
)

select * from renamed
