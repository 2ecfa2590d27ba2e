-- Results of the newest complete scoring run.
with newest as (
    select max(origin_date) as origin_date
    from {{ ref('stg_scoring_runs') }}
)

select
    results.level,
    results.series_id,
    results.period_start,
    results.currency,
    results.account_id,
    results.service,
    results.organizational_unit,
    results.team,
    results.env,
    results.resource_group,
    results.horizon,
    cast(results.cost as {{ money_type() }}) as cost,
    cast(results.modeled_cost as {{ money_type() }}) as modeled_cost,
    cast(results.scheduled_cost as {{ money_type() }}) as scheduled_cost,
    cast(results.lower_50 as {{ money_type() }}) as lower_50,
    cast(results.upper_50 as {{ money_type() }}) as upper_50,
    cast(results.lower_80 as {{ money_type() }}) as lower_80,
    cast(results.upper_80 as {{ money_type() }}) as upper_80,
    cast(results.lower_95 as {{ money_type() }}) as lower_95,
    cast(results.upper_95 as {{ money_type() }}) as upper_95,
    results.method,
    results.origin_date,
    results.build_id as source_build_id,
    results.model_version,
    results.config_hash
from {{ ref('stg_forecasts') }} as results
inner join newest on results.origin_date = newest.origin_date
where results.grain = 'day'
