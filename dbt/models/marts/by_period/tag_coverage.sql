-- Untagged money is what remains of a group's total, so tagged and untagged always add up to it.
with tag_sets as (
    select *
    from {{ ref('int_tag_sets') }}
    where {{ in_changed_periods() }}
),

tags as (
    {{ explode_map('tag_sets', 'resource_tags') }}
),

categories as (
    {{ explode_map('tag_sets', 'cost_categories') }}
),

keyed as (
    {%- for dimension in var('dimensions') %}
    select
        billing_period,
        payer_id,
        account_id,
        service,
        currency,
        'dimension' as key_kind,
        '{{ dimension }}' as tag_key,
        {{ dimension }} as tag_value,
        cost,
        usage_cost
    from tag_sets
    union all
    {%- endfor %}
    {%- for kind, entries in [('tag', 'tags'), ('cost_category', 'categories')] %}
    select
        billing_period,
        payer_id,
        account_id,
        service,
        currency,
        '{{ kind }}' as key_kind,
        entry_key as tag_key,
        entry_value as tag_value,
        cost,
        usage_cost
    from {{ entries }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

totals as (
    select
        billing_period,
        payer_id,
        account_id,
        service,
        currency,
        {{ sum_money('cost') }} as net_amortized_cost,
        {{ sum_money('usage_cost') }} as usage_cost
    from tag_sets
    group by billing_period, payer_id, account_id, service, currency
),

period_keys as (
    select distinct
        billing_period,
        payer_id,
        key_kind,
        tag_key
    from keyed
),

tagged as (
    select
        billing_period,
        payer_id,
        account_id,
        service,
        currency,
        key_kind,
        tag_key,
        {{ sum_money('cost') }} as tagged_cost,
        {{ sum_money('usage_cost') }} as tagged_usage_cost
    from keyed
    where tag_value <> ''
    group by billing_period, payer_id, account_id, service, currency, key_kind, tag_key
),

coverage as (
    select
        totals.billing_period,
        totals.payer_id,
        totals.account_id,
        totals.service,
        totals.currency,
        period_keys.key_kind,
        period_keys.tag_key,
        totals.net_amortized_cost,
        totals.usage_cost,
        cast(coalesce(tagged.tagged_cost, 0) as {{ money_type() }}) as tagged_cost,
        cast(coalesce(tagged.tagged_usage_cost, 0) as {{ money_type() }}) as tagged_usage_cost
    from totals
    inner join period_keys
        on totals.billing_period = period_keys.billing_period and totals.payer_id = period_keys.payer_id
    left join tagged
        on
            totals.billing_period = tagged.billing_period
            and totals.payer_id = tagged.payer_id
            and totals.account_id = tagged.account_id
            and totals.service = tagged.service
            and totals.currency = tagged.currency
            and period_keys.key_kind = tagged.key_kind
            and period_keys.tag_key = tagged.tag_key
)

select
    billing_period,
    payer_id,
    account_id,
    service,
    currency,
    key_kind,
    tag_key,
    net_amortized_cost,
    tagged_cost,
    cast(net_amortized_cost - tagged_cost as {{ money_type() }}) as untagged_cost,
    usage_cost,
    tagged_usage_cost,
    {{ divide('tagged_usage_cost', 'usage_cost') }} as tagged_share
from coverage
