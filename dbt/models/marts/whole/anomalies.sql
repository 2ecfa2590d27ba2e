-- Each anomaly as the last complete scoring run that had it says it. What the newest run no longer has is
-- withdrawn, unless it didn't look at those days any more.
with said as (
    select
        results.*,
        min(results.origin_date) over (partition by results.anomaly_id) as first_origin_date,
        row_number() over (partition by results.anomaly_id order by results.origin_date desc) as place
    from {{ ref('stg_anomalies') }} as results
    inner join {{ ref('stg_scoring_runs') }} as runs on results.origin_date = runs.origin_date
),

newest as (
    select
        max(origin_date) as origin_date,
        max_by(anomalies_from, origin_date) as anomalies_from
    from {{ ref('stg_scoring_runs') }}
),

labels as (
    select
        *,
        row_number() over (partition by anomaly_id order by labelled_at desc, label asc) as place
    from {{ ref('stg_anomaly_labels') }}
)

select
    said.anomaly_id,
    case
        when said.origin_date = newest.origin_date or said.ended_at < newest.anomalies_from then 'current'
        else 'withdrawn'
    end as status,
    said.currency,
    said.grain,
    said.measure,
    said.level,
    said.kind,
    said.account_id,
    said.service,
    said.region,
    said.usage_type,
    said.resource_id,
    said.tag_key,
    said.tag_value,
    said.metric_name,
    said.unit,
    said.started_at,
    said.ended_at,
    said.detected_on,
    said.is_open,
    cast(said.expected_cost as {{ money_type() }}) as expected_cost,
    cast(said.actual_cost as {{ money_type() }}) as actual_cost,
    cast(said.impact as {{ money_type() }}) as impact,
    said.expected_value,
    said.actual_value,
    said.ratio,
    said.score,
    said.severity,
    said.merged_count,
    said.root_cause,
    said.sentence_en,
    said.sentence_pt_br,
    labels.label,
    labels.labelled_by,
    labels.labelled_at,
    labels.note,
    said.first_origin_date,
    said.origin_date,
    said.build_id as source_build_id,
    said.model_version,
    said.config_hash
from said
cross join newest
left join labels on said.anomaly_id = labels.anomaly_id and labels.place = 1
where said.place = 1
