{%- set measures = ['unblended_cost', 'net_unblended_cost', 'amortized_cost', 'net_amortized_cost'] -%}

with costs as (
    select costs.*
    from {{ ref('stg_delivery_costs') }} as costs
    inner join {{ ref('stg_billing_authority') }} as authority
        on
            costs.payer_id = authority.payer_id
            and costs.billing_period = authority.billing_period
            and costs.export_id = authority.export_id
),

last_days as (
    select
        delivery_id,
        max(usage_date) as last_usage_date
    from costs
    where not is_closing_line
    group by delivery_id
),

pairs as (
    select
        later.delivery_id,
        later.previous_delivery_id,
        later.sequence,
        later.delivered_at,
        last_days.last_usage_date as previous_last_usage_date
    from {{ ref('int_loaded_deliveries') }} as later
    left join last_days on later.previous_delivery_id = last_days.delivery_id
    where later.previous_delivery_id is not null
),

-- What the later delivery says, less what the one before it said.
changes as (
    {%- for delivery, sign in [('delivery_id', ''), ('previous_delivery_id', '-')] %}
    select
        pairs.*,
        costs.billing_period,
        costs.payer_id,
        costs.export_id,
        costs.account_id,
        costs.product_code,
        costs.currency,
        {%- for measure in measures %}
        {{ sign }}costs.{{ measure }}{{ ' as ' ~ measure if sign }},
        {%- endfor %}
        case
            when costs.is_closing_line then 'closing_lines'
            when costs.usage_date <= pairs.previous_last_usage_date then 'earlier_days'
            else 'new_days'
        end as change_class
    from pairs
    inner join costs on pairs.{{ delivery }} = costs.delivery_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

classified as (
    {%- for measure in measures %}
    select
        billing_period,
        payer_id,
        export_id,
        delivery_id,
        previous_delivery_id,
        sequence,
        delivered_at,
        previous_last_usage_date,
        account_id,
        product_code,
        currency,
        '{{ measure }}' as measure,
        {%- for class in ['earlier_days', 'new_days', 'closing_lines'] %}
        {{ sum_money(measure, where="change_class = '" ~ class ~ "'") }} as {{ class }},
        {%- endfor %}
        {{ sum_money(measure) }} as total
    from changes
    group by
        billing_period, payer_id, export_id, delivery_id, previous_delivery_id, sequence, delivered_at,
        previous_last_usage_date, account_id, product_code, currency
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select *
from classified
where earlier_days <> 0 or new_days <> 0 or closing_lines <> 0
