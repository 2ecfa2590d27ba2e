with source as (
    select * from {{ source('silver', 'anomalies') }}
),

renamed as (
    select
        origin_date,
        build_id,
        model_version,
        config_hash,
        currency,
        anomaly_id,
        grain,
        measure,
        level,
        kind,
        account_id,
        service,
        region,
        usage_type,
        resource_id,
        tag_key,
        tag_value,
        metric_name,
        unit,
        cast(started_at as timestamp) as started_at,
        cast(ended_at as timestamp) as ended_at,
        detected_on,
        is_open,
        expected_cost,
        actual_cost,
        impact,
        expected_value,
        actual_value,
        ratio,
        score,
        severity,
        merged_count,
        root_cause,
        sentence_en,
        sentence_pt_br
    from source
)

select * from renamed
