-- The marts that finlake publishes, without those that are about versions and proofs (freshness, restatements, reconciliation).
create or replace table cost_daily as
select billing_period, usage_date, payer_id, account_id, service, service_name, service_category, region, charge_category,
    pricing_category, env, team, app, cost_center, business_unit, currency, {costs}, count(*) as line_count
from silver group by all;

create or replace table cost_monthly as
select billing_period, payer_id, account_id, product_code, service_name, charge_type, currency, {costs}, count(*) as line_count
from silver group by all;

create or replace table cost_by_resource_daily as
select billing_period, usage_date, payer_id, account_id, service, service_name, service_category, region, resource_id,
    resource_arn, resource_name, resource_type, charge_category, pricing_category, env, team, app, cost_center,
    business_unit, currency, {costs}, count(*) as line_count
from silver group by all;

create or replace table unmapped_spend as
select billing_period, payer_id, product_code, service_name, currency, {costs}, count(*) as line_count,
    sum(net_amortized_cost) / (select sum(net_amortized_cost) from cost_daily) as share_of_period
from silver where service = 'unmapped' group by all;

create or replace table dim_account as
select payer_id, account_id, max(account_name) as account_name, max(payer_name) as payer_name, payer_id = account_id as is_payer,
    min(billing_period) as first_billing_period, max(billing_period) as last_billing_period
from silver group by all;

create or replace table dim_service as
select service, service_name, max(service_category) as service_category, service <> 'unmapped' as is_mapped,
    min(billing_period) as first_billing_period, max(billing_period) as last_billing_period
from cost_daily group by all;

create or replace table dim_resource as
select payer_id, account_id, resource_id,
    arg_max(struct_pack(resource_arn, resource_name, resource_type, service, service_name, region,
                        env, team, app, cost_center, business_unit), usage_date) as attributes,
    min(usage_date) as first_usage_date, max(usage_date) as last_usage_date
from cost_by_resource_daily where resource_id is not null group by all;

create or replace temp table tag_sets as
select billing_period, payer_id, account_id, service, currency, env, team, app, cost_center, business_unit, resource_tags,
    cost_categories, sum(net_amortized_cost) as cost,
    coalesce(sum(net_amortized_cost) filter (where charge_category = 'Usage'), 0) as usage_cost
from silver group by all;

create or replace table tag_coverage as
with entries as (
    select billing_period, payer_id, account_id, service, currency, cost, usage_cost,
        unnest(
            list_transform(map_entries(resource_tags), lambda e: struct_pack(kind := 'tag', key := e.key, value := e.value))
            || list_transform(map_entries(cost_categories),
                              lambda e: struct_pack(kind := 'cost_category', key := e.key, value := e.value))
            || [struct_pack(kind := 'dimension', key := 'env', value := env),
                struct_pack(kind := 'dimension', key := 'team', value := team),
                struct_pack(kind := 'dimension', key := 'app', value := app),
                struct_pack(kind := 'dimension', key := 'cost_center', value := cost_center),
                struct_pack(kind := 'dimension', key := 'business_unit', value := business_unit)]
        ) as entry
    from tag_sets
),
tagged as (
    select billing_period, payer_id, account_id, service, currency, entry.kind as key_kind, entry.key as tag_key,
        coalesce(sum(cost) filter (where entry.value <> ''), 0) as tagged_cost,
        coalesce(sum(usage_cost) filter (where entry.value <> ''), 0) as tagged_usage_cost
    from entries group by all
),
totals as (
    select billing_period, payer_id, account_id, service, currency, sum(cost) as net_amortized_cost, sum(usage_cost) as usage_cost
    from tag_sets group by all
),
keys as (select distinct billing_period, payer_id, key_kind, tag_key from tagged)
select totals.*, key_kind, tag_key, coalesce(tagged_cost, 0) as tagged_cost,
    net_amortized_cost - coalesce(tagged_cost, 0) as untagged_cost, coalesce(tagged_usage_cost, 0) as tagged_usage_cost,
    coalesce(tagged_usage_cost, 0) / nullif(usage_cost, 0) as tagged_share
from totals
join keys using (billing_period, payer_id)
left join tagged using (billing_period, payer_id, account_id, service, currency, key_kind, tag_key);
