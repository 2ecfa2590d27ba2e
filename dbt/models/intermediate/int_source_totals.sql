-- What the current delivery of the export that counts sums to, by the path that shares no code with silver.
select
    totals.billing_period,
    totals.payer_id,
    totals.currency,
    {%- for cost in source_cost_columns() %}
    {{ sum_money('totals.' ~ cost) }} as {{ cost }},
    {%- endfor %}
    cast(sum(totals.line_count) as bigint) as line_count
from {{ ref('stg_source_totals') }} as totals
inner join {{ ref('stg_billing_authority') }} as authority
    on
        totals.payer_id = authority.payer_id
        and totals.billing_period = authority.billing_period
        and totals.export_id = authority.export_id
inner join {{ ref('int_loaded_deliveries') }} as deliveries
    on totals.delivery_id = deliveries.delivery_id and deliveries.is_current
group by totals.billing_period, totals.payer_id, totals.currency
