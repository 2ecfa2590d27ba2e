{%- set origins = {
    'silver': ref('int_account_periods'),
    'cost_monthly': ref('cost_monthly'),
    'cost_daily': ref('cost_daily'),
    'cost_by_resource_daily': ref('cost_by_resource_daily'),
    'usage_daily': ref('usage_daily'),
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
        '{{ measure }}' as measure,
        case
            when
                count({{ measure }}) = 0
                and count(*) filter (where origin = 'source') > 0
                then 'not_delivered'
            else 'delivered'
        end as total_basis
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

-- Where no origin shows a measure that the delivery lacks, nothing was lost; one that shows it anyway is a
-- difference.
select
    *,
    total_basis = 'not_delivered'
    or coalesce(
        {%- for origin in origins %}
        {{ origin }}_difference = 0{{ ' and' if not loop.last }}
        {%- endfor %},
        false
    ) as is_reconciled
from compared
