-- Results of the newest complete scoring run.
with newest as (
    select max(origin_date) as origin_date
    from {{ ref('stg_scoring_runs') }}
)

select
    results.pattern_id,
    results.currency,
    results.scope,
    results.account_id,
    results.service,
    results.region,
    results.resource_id,
    results.pattern,
    results.strength,
    results.first_day,
    results.last_day,
    results.details,
    results.sentence_en,
    results.sentence_pt_br,
    results.suggestion,
    cast(results.monthly_saving as {{ money_type() }}) as monthly_saving,
    cast(results.monthly_saving_lower as {{ money_type() }}) as monthly_saving_lower,
    cast(results.monthly_saving_upper as {{ money_type() }}) as monthly_saving_upper,
    results.saving_basis,
    results.evidence,
    results.origin_date,
    results.build_id as source_build_id,
    results.model_version,
    results.config_hash
from {{ ref('stg_patterns') }} as results
inner join newest on results.origin_date = newest.origin_date
