with source as (
    select * from {{ source('silver', 'billing_line_items') }}
),

renamed as (
    select
        export_id,
        billing_period,
        payer_id,
        payer_name,
        account_id,
        account_name,
        currency,
        usage_date,
        is_final,
        charge_type,
        charge_category,
        charge_class,
        charge_frequency,
        product_code,
        service,
        service_name,
        service_category,
        region,
        usage_type,
        pricing_category,
        pricing_unit,
        usage_amount,
        resource_id,
        resource_arn,
        resource_name,
        resource_type,
        commitment_type,
        unblended_cost,
        net_unblended_cost,
        blended_cost,
        amortized_cost,
        net_amortized_cost,
        list_cost,
        contracted_cost,
        gross_cost_basis,
        resource_tags,
        cost_categories,
        env,
        team,
        app,
        cost_center,
        business_unit
    from source
)

select * from renamed
