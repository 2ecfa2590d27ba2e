{%- set levels = [
    'organisation', 'account', 'service', 'account_service', 'team', 'env', 'resource_group'
] -%}
{%- set levels_of_key = {
    'account_id': "'account', 'account_service'",
    'service': "'service', 'account_service'",
    'team': "'team'",
    'env': "'env'",
    'resource_group': "'resource_group'",
} -%}
{%- set keys = levels_of_key.keys() | list -%}

-- Costs grow for two days. A day counts once it is older than that, a month once all its days are.
with bounds as (
    select
        cast(max(last_usage_date) - interval '1' day as date) as first_open_day,
        cast(date_trunc('month', max(last_usage_date) - interval '1' day) as date) as first_open_month
    from {{ ref('int_account_periods') }}
),

-- A value that a line, or a level, lacks is ''.
costs as (
    select
        usage_date,
        currency,
        account_id,
        service,
        coalesce(team, '') as team,
        coalesce(env, '') as env,
        coalesce(app, '') as resource_group,
        {{ sum_money('net_amortized_cost') }} as cost
    from {{ ref('cost_daily') }}
    group by usage_date, currency, account_id, service, team, env, app
),

levels as (
    {%- for level in levels %}
    select '{{ level }}' as series_level
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

by_level as (
    select
        {%- for key, of_key in levels_of_key.items() %}
        case
            when
                levels.series_level in ({{ of_key }})
                then costs.{{ key }}
            else ''
        end as {{ key }},
        {%- endfor %}
        costs.usage_date,
        costs.currency,
        costs.cost,
        levels.series_level
    from costs
    cross join levels
),

actual_days as (
    select
        usage_date,
        currency,
        series_level,
        {{ keys | join(', ') }},
        {{ sum_money('cost') }} as cost
    from by_level
    group by usage_date, currency, series_level, {{ keys | join(', ') }}
),

actuals as (
    select
        'day' as period_grain,
        usage_date as period_start,
        currency,
        series_level,
        {{ keys | join(', ') }},
        cost
    from actual_days
    union all
    select
        'month' as period_grain,
        cast(date_trunc('month', usage_date) as date) as period_start,
        currency,
        series_level,
        {{ keys | join(', ') }},
        {{ sum_money('cost') }} as cost
    from actual_days
    group by date_trunc('month', usage_date), currency, series_level, {{ keys | join(', ') }}
),

compared as (
    select
        forecasts.*,
        cast(forecasts.cost as {{ money_type() }}) as forecast_cost,
        cast(coalesce(actuals.cost, 0) as {{ money_type() }}) as actual_cost
    from {{ ref('stg_forecasts') }} as forecasts
    inner join {{ ref('stg_scoring_runs') }} as runs on forecasts.origin_date = runs.origin_date
    cross join bounds
    left join actuals
        on
            forecasts.grain = actuals.period_grain
            and forecasts.level = actuals.series_level
            and forecasts.period_start = actuals.period_start
            and forecasts.currency = actuals.currency
            {%- for key in keys %}
            and coalesce(forecasts.{{ key }}, '') = actuals.{{ key }}
            {%- endfor %}
    where
        forecasts.level <> 'organizational_unit'
        and (
            forecasts.grain = 'day' and forecasts.period_start < bounds.first_open_day
            or forecasts.grain = 'month' and forecasts.period_start < bounds.first_open_month
        )
)

select
    origin_date,
    grain,
    level,
    series_id,
    period_start,
    currency,
    account_id,
    service,
    organizational_unit,
    team,
    env,
    resource_group,
    horizon,
    forecast_cost,
    actual_cost,
    cast(forecast_cost - actual_cost as {{ money_type() }}) as error,
    cast(abs(forecast_cost - actual_cost) as {{ money_type() }}) as absolute_error,
    actual_cost between lower_50 and upper_50 as in_50,
    actual_cost between lower_80 and upper_80 as in_80,
    actual_cost between lower_95 and upper_95 as in_95,
    method,
    model_version
from compared
