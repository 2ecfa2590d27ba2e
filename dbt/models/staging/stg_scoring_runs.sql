with source as (
    select * from {{ source('silver', 'scoring_runs') }}
),

renamed as (
    select
        origin_date,
        build_id,
        data_version,
        anomalies_from,
        forecast_count,
        anomaly_count,
        pattern_count,
        content
    from source
)

select * from renamed
