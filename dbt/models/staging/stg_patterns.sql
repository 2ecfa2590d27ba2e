with source as (
    select * from {{ source('silver', 'patterns') }}
),

renamed as (
    select
        origin_date,
        build_id,
        model_version,
        config_hash,
        currency,
        pattern_id,
        scope,
        account_id,
        service,
        region,
        resource_id,
        pattern,
        strength,
        first_day,
        last_day,
        details,
        sentence_en,
        sentence_pt_br,
        suggestion,
        monthly_saving,
        monthly_saving_lower,
        monthly_saving_upper,
        saving_basis,
        evidence
    from source
)

select * from renamed
