with source as (
    select * from {{ source('silver', 'forecasts') }}
),

renamed as (
    select
        origin_date,
        build_id,
        model_version,
        config_hash,
        currency,
        grain,
        level,
        series_id,
        account_id,
        service,
        organizational_unit,
        team,
        env,
        resource_group,
        period_start,
        horizon,
        cost,
        modeled_cost,
        scheduled_cost,
        lower_50,
        upper_50,
        lower_80,
        upper_80,
        lower_95,
        upper_95,
        method,
        driver_trend,
        driver_season,
        driver_launch,
        driver_price,
        driver_commitment,
        explanation_en,
        explanation_pt_br
    from source
)

select * from renamed
