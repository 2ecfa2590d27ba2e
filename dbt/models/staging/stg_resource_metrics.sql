with source as (
    select * from {{ source('silver', 'resource_metrics') }}
),

renamed as (
    select
        billing_period,
        usage_date,
        account_id,
        region,
        namespace,
        metric_name,
        dimensions,
        unit,
        minimum,
        maximum,
        average,
        sum as total,
        sample_count,
        point_count,
        percentiles,
        percentiles_reason
    from source
    where grain = 'day'
)

select * from renamed
