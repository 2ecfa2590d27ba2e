-- The marts that finlake publishes, without those that are about versions, proofs and metrics (freshness, restatements,
-- reconciliation, resource_metrics_daily). `{seeds}`: folder of the service catalogue as CSV.
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
with totals as (
    select billing_period, payer_id, currency, sum(net_amortized_cost) as total from cost_monthly group by all
)
select billing_period, payer_id, product_code, service_name, currency, {costs}, count(*) as line_count,
    sum(net_amortized_cost)::double / nullif(any_value(total)::double, 0) as share_of_period
from silver join totals using (billing_period, payer_id, currency)
where service = 'unmapped' group by billing_period, payer_id, product_code, service_name, currency;

create or replace table dim_account as
select payer_id, account_id, max(account_name) as account_name, max(payer_name) as payer_name, payer_id = account_id as is_payer,
    min(billing_period) as first_billing_period, max(billing_period) as last_billing_period
from silver group by payer_id, account_id;

create or replace table dim_service as
select service, service_name, max(service_category) as service_category, service <> 'unmapped' as is_mapped,
    min(billing_period) as first_billing_period, max(billing_period) as last_billing_period
from cost_daily group by service, service_name;

-- Of the attributes on a resource's newest day the first in alphabetical order.
create or replace table dim_resource as
with seen as (
    select payer_id, account_id, resource_id, min(usage_date) as first_usage_date, max(usage_date) as last_usage_date,
        min({'age': date '9999-12-31' - usage_date, 'resource_arn': resource_arn, 'resource_name': resource_name,
             'resource_type': resource_type, 'service': service, 'service_name': service_name, 'region': region, 'env': env,
             'team': team, 'app': app, 'cost_center': cost_center, 'business_unit': business_unit}) as newest
    from cost_by_resource_daily where resource_id is not null group by all
)
select payer_id, account_id, resource_id, newest.resource_arn, newest.resource_name, newest.resource_type, newest.service,
    newest.service_name, newest.region, newest.env, newest.team, newest.app, newest.cost_center, newest.business_unit,
    first_usage_date, last_usage_date
from seen;

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
    coalesce(tagged_usage_cost, 0)::double / nullif(usage_cost, 0)::double as tagged_share
from totals
join keys using (billing_period, payer_id)
left join tagged using (billing_period, payer_id, account_id, service, currency, key_kind, tag_key);

create or replace temp table charges as
select billing_period, usage_date, payer_id, account_id, resource_id, currency, resource_name, resource_type, service, region,
    charge_category, pricing_unit, sum(unblended_cost) as unblended_cost, sum(net_amortized_cost) as net_amortized_cost,
    sum(usage_amount) as usage_amount, count(*) as line_count
from silver where resource_id is not null group by all;

-- A day of a resource is one row; its service is the one whose type it is.
create or replace temp table resource_days as
with owners as (select resource_type, service as owner from read_csv('{seeds}/resource_types.csv', all_varchar=true)),
amounts as (
    select billing_period, usage_date, payer_id, account_id, resource_id, currency,
        map_from_entries(list((pricing_unit, usage_amount) order by pricing_unit)) as usage_amounts
    from (
        select billing_period, usage_date, payer_id, account_id, resource_id, currency, pricing_unit,
            sum(usage_amount) as usage_amount
        from charges where charge_category = 'Usage' and pricing_unit is not null and usage_amount is not null group by all
    ) group by all
),
days as (
    select billing_period, usage_date, payer_id, account_id, resource_id, currency, max(resource_name) as resource_name,
        max(resource_type) as resource_type, coalesce(min(owner), min(service)) as service,
        coalesce(max(nullif(regexp_extract(resource_id, '^arn:[^:]*:[^:]*:([^:]*):', 1), '')),
                 min(region) filter (where service = owner), min(region)) as region,
        sum(unblended_cost) as unblended_cost, sum(net_amortized_cost) as net_amortized_cost,
        sum(line_count)::bigint as line_count
    from charges left join owners using (resource_type) group by all
)
select days.*, usage_amounts
from days left join amounts using (billing_period, usage_date, payer_id, account_id, resource_id, currency);

-- Resources that the catalogue knows metrics of: by type, and by what CloudWatch calls them.
create or replace temp table known as
with sources as (select distinct resource_type, id_from, identity_like from read_csv('{seeds}/service_metrics.csv', all_varchar=true)),
resources as (
    select billing_period, payer_id, account_id, resource_id, max(resource_name) as resource_name,
        max(resource_type) as resource_type
    from resource_days group by all
)
select distinct billing_period, payer_id, account_id, resource_id, true as is_known
from resources join sources using (resource_type)
where case id_from
        when 'arn' then resource_id
        when 'resource_path'
            then nullif(regexp_extract(resource_id, '^(?:arn:[^:]*:[^:]*:[^:]*:[^:]*:)?[^/:]*[/:](.+)$', 1), '')
        else resource_name
    end like identity_like;

create or replace table resource_cost_usage_daily as
select billing_period, usage_date, payer_id, account_id, service, region, resource_id, resource_name, resource_type, currency,
    unblended_cost, net_amortized_cost, usage_amounts, null::map(varchar, double) as metrics,
    case when service = 'unmapped' then 'not_in_catalogue' when is_known then 'not_delivered' else 'no_metrics_known' end
        as metrics_reason,
    line_count
from resource_days left join known using (billing_period, payer_id, account_id, resource_id);

create or replace table metric_coverage as
with first_days as (
    select payer_id, account_id, resource_id, min(usage_date) as first_usage_date from resource_days group by all
)
select billing_period, payer_id, account_id, resource_id, currency, min(service) as service, max(region) as region,
    max(resource_name) as resource_name, max(resource_type) as resource_type, sum(unblended_cost) as unblended_cost,
    sum(net_amortized_cost) as net_amortized_cost, any_value(first_usage_date) as first_usage_date,
    max(usage_date) as last_usage_date, count(*) as cost_days, 0::bigint as metric_count, null::date as first_metric_date,
    null::date as last_metric_date, 0::bigint as metric_days, 'none' as match_quality,
    case when min(service) = 'unmapped' then 'not_in_catalogue' when bool_or(is_known) then 'not_enabled'
        else 'no_metrics_known' end as reason
from resource_days
join first_days using (payer_id, account_id, resource_id)
left join known using (billing_period, payer_id, account_id, resource_id)
group by billing_period, payer_id, account_id, resource_id, currency;
