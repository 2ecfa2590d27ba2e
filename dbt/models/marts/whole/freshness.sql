with periods as (
    select
        billing_period,
        payer_id,
        currency,
        max(last_usage_date) as last_usage_date,
        max(gross_cost_basis) as gross_cost_basis,
        {{ sum_money('unblended_cost') }} as unblended_cost,
        {{ sum_money('final_unblended_cost') }} as final_unblended_cost
    from {{ ref('int_account_periods') }}
    group by billing_period, payer_id, currency
),

counts as (
    select
        export_id,
        billing_period,
        count(*) filter (where state in ('loaded', 'superseded')) as delivery_count,
        count(*) filter (where state in ('refused', 'held')) as refused_count
    from {{ ref('stg_deliveries') }}
    group by export_id, billing_period
),

newest as (
    select
        export_id,
        billing_period,
        delivery_id,
        delivered_at,
        ingested_at
    from {{ ref('int_loaded_deliveries') }}
    where is_current
)

select
    periods.billing_period,
    periods.payer_id,
    periods.currency,
    authority.export_id,
    authority.source_format,
    newest.delivery_id,
    newest.delivered_at,
    newest.ingested_at,
    periods.last_usage_date,
    coalesce(counts.delivery_count, 0) as delivery_count,
    coalesce(counts.refused_count, 0) as refused_count,
    periods.gross_cost_basis,
    periods.unblended_cost,
    periods.final_unblended_cost,
    {{ divide('periods.final_unblended_cost', 'periods.unblended_cost') }} as final_share
from periods
inner join {{ ref('stg_billing_authority') }} as authority
    on periods.payer_id = authority.payer_id and periods.billing_period = authority.billing_period
left join counts
    on authority.export_id = counts.export_id and authority.billing_period = counts.billing_period
left join newest
    on authority.export_id = newest.export_id and authority.billing_period = newest.billing_period
