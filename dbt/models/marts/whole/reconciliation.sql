{%- set origins = {
    'silver': ref('int_account_periods'),
    'cost_monthly': ref('cost_monthly'),
    'cost_daily': ref('cost_daily'),
    'cost_by_resource_daily': ref('cost_by_resource_daily'),
} -%}
{%- set measures = source_cost_columns() + ['line_count'] -%}

with totals as (
    select
        'source' as origin,
        billing_period,
        payer_id,
        currency,
        {{ measures | join(', ') }}
    from {{ ref('int_source_totals') }}
    {%- for origin, relation in origins.items() %}
    union all
    select
        '{{ origin }}' as origin,
        billing_period,
        payer_id,
        currency,
        {%- for cost in source_cost_columns() %}
        {{ sum_money(cost) }} as {{ cost }},
        {%- endfor %}
        cast(sum(line_count) as bigint) as line_count
    from {{ relation }}
    group by billing_period, payer_id, currency
    {%- endfor %}
),

by_measure as (
    {%- for measure in measures %}
    select
        billing_period,
        payer_id,
        currency,
        {%- for origin in ['source'] + origins.keys() | list %}
        cast(max({{ measure }}) filter (where origin = '{{ origin }}') as {{ money_type() }})
            as {{ origin }}_total,
        {%- endfor %}
        '{{ measure }}' as measure
    from totals
    group by billing_period, payer_id, currency
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

compared as (
    select
        {%- for origin in origins %}
        cast(sums.{{ origin }}_total - sums.source_total as {{ money_type() }}) as {{ origin }}_difference,
        {%- endfor %}
        sums.*
    from by_measure as sums
)

select
    *,
    coalesce(
        {%- for origin in origins %}
        {{ origin }}_difference = 0{{ ' and' if not loop.last }}
        {%- endfor %},
        false
    ) as is_reconciled
from compared
