with source as (
    select * from {{ source('silver', 'anomaly_labels') }}
),

renamed as (
    select
        anomaly_id,
        label,
        labelled_by,
        cast(labelled_at as timestamp) as labelled_at,
        note
    from source
)

select * from renamed
