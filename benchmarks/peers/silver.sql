-- The canonical bill line from CUR 2.0, by hand. `raw`: the delivered files; `service_of`: rules of services by what they match.
with lines as (
    select
        nullif(trim(identity_line_item_id), '') as line_item_id,
        'export' as export_id,
        strftime(bill_billing_period_start_date, '%Y-%m') as billing_period,
        'delivery' as delivery_id,
        '{source_format}' as source_format,
        nullif(trim(bill_payer_account_id), '') as payer_id,
        nullif(trim(bill_payer_account_name), '') as payer_name,
        nullif(trim(line_item_usage_account_id), '') as account_id,
        nullif(trim(line_item_usage_account_name), '') as account_name,
        nullif(trim(line_item_currency_code), '') as currency,
        line_item_usage_start_date::date as usage_date,
        line_item_usage_start_date::timestamptz as charge_period_start,
        line_item_usage_end_date::timestamptz as charge_period_end,
        nullif(trim(bill_invoice_id), '') as invoice_id,
        nullif(trim(bill_invoicing_entity), '') as invoice_issuer,
        nullif(trim(bill_bill_type), '') as bill_type,
        nullif(trim(bill_billing_entity), '') as billing_entity,
        nullif(trim(line_item_legal_entity), '') as legal_entity,
        nullif(trim(line_item_line_item_type), '') as charge_type,
        nullif(trim(line_item_line_item_description), '') as charge_description,
        coalesce(nullif(trim(line_item_product_code), ''), '(none)') as product_code,
        product['product_name'] as product_name,
        coalesce(nullif(trim(product_region_code), ''), product['region'],
                 nullif(regexp_extract(line_item_availability_zone, '^[a-z]{2}(-[a-z]+)+-[0-9]+'), '')) as region,
        nullif(trim(line_item_availability_zone), '') as availability_zone,
        nullif(trim(line_item_usage_type), '') as usage_type,
        nullif(trim(line_item_operation), '') as operation,
        nullif(trim(product_product_family), '') as product_family,
        nullif(trim(product_instance_type), '') as instance_type,
        nullif(trim(product_sku), '') as sku_id,
        nullif(trim(pricing_term), '') as pricing_term,
        nullif(trim(pricing_unit), '') as pricing_unit,
        nullif(trim(pricing_currency), '') as pricing_currency,
        money(line_item_usage_amount) as usage_amount,
        money(line_item_normalized_usage_amount) as normalized_usage_amount,
        nullif(trim(line_item_resource_id), '') as resource_id,
        nullif(trim(savings_plan_savings_plan_a_r_n), '') as plan_arn,
        nullif(trim(reservation_reservation_a_r_n), '') as reservation_arn,
        money(line_item_unblended_cost) as unblended_cost,
        coalesce(money(line_item_net_unblended_cost), money(line_item_unblended_cost)) as net_unblended_cost,
        coalesce(money(line_item_blended_cost), 0) as blended_cost,
        money(pricing_public_on_demand_cost) as public_cost,
        money(savings_plan_savings_plan_effective_cost) as plan_cost,
        money(savings_plan_net_savings_plan_effective_cost) as net_plan_cost,
        money(reservation_effective_cost) as reservation_cost,
        money(reservation_net_effective_cost) as net_reservation_cost,
        (money(savings_plan_total_commitment_to_date) - money(savings_plan_used_commitment))::{amount} as unused_plan,
        coalesce(money(savings_plan_amortized_upfront_commitment_for_billing_period), 0)
        + coalesce(money(savings_plan_recurring_commitment_for_billing_period), 0) as plan_gross,
        coalesce(money(savings_plan_net_amortized_upfront_commitment_for_billing_period), 0)
        + coalesce(money(savings_plan_net_recurring_commitment_for_billing_period), 0) as plan_net,
        money(savings_plan_net_recurring_commitment_for_billing_period) is not null
        or money(savings_plan_net_amortized_upfront_commitment_for_billing_period) is not null as has_net_plan,
        (money(reservation_unused_amortized_upfront_fee_for_billing_period)
         + money(reservation_unused_recurring_fee))::{amount} as unused_reservation,
        (money(reservation_net_unused_amortized_upfront_fee_for_billing_period)
         + money(reservation_net_unused_recurring_fee))::{amount} as net_unused_reservation,
        money(line_item_net_unblended_cost) is not null as has_net,
        nullif(trim(split_line_item_parent_resource_id), '') as split_parent_resource_id,
        money(split_line_item_split_cost) as split_cost,
        money(split_line_item_unused_cost) as split_unused_cost,
        money(split_line_item_net_split_cost) as net_split_cost,
        money(split_line_item_net_unused_cost) as net_split_unused_cost,
        resource_tags,
        cost_category as cost_categories
    from raw
)

select
    lines.line_item_id,
    lines.export_id,
    lines.billing_period,
    lines.delivery_id,
    lines.source_format,
    lines.payer_id,
    lines.payer_name,
    lines.account_id,
    lines.account_name,
    lines.currency,
    lines.usage_date,
    lines.charge_period_start,
    lines.charge_period_end,
    lines.invoice_id,
    lines.invoice_issuer,
    lines.invoice_id is not null as is_final,
    lines.bill_type,
    lines.billing_entity,
    lines.legal_entity,
    lines.charge_type,
    case
        when lines.charge_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation', 'Refund')
            then 'Usage'
        when lines.charge_type in ('SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee', 'RIFee', 'Fee') then 'Purchase'
        when lines.charge_type in ('Tax', 'Credit') then lines.charge_type
        else 'Adjustment'
    end as charge_category,
    case when lines.charge_type = 'Refund' then 'Correction' end as charge_class,
    case
        when lines.charge_type in ('SavingsPlanRecurringFee', 'RIFee') then 'Recurring'
        when lines.charge_type in ('SavingsPlanUpfrontFee', 'Fee', 'Credit') then 'One-Time'
        else 'Usage-Based'
    end as charge_frequency,
    lines.charge_description,
    lines.product_code,
    service_of.service,
    coalesce(service_of.title, lines.product_name, lines.product_code) as service_name,
    coalesce(service_of.category, 'Other') as service_category,
    lines.region,
    lines.availability_zone,
    lines.usage_type,
    lines.operation,
    lines.product_family,
    lines.instance_type,
    lines.sku_id,
    case
        when lines.charge_type not in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation') then null
        when lines.plan_arn is not null or lines.reservation_arn is not null then 'Committed'
        when lines.usage_type like '%SpotUsage%' or lines.pricing_term = 'Spot' then 'Dynamic'
        else 'Standard'
    end as pricing_category,
    lines.pricing_term,
    lines.pricing_unit,
    lines.pricing_currency,
    lines.usage_amount,
    lines.normalized_usage_amount,
    lines.resource_id,
    case when lines.resource_id like 'arn:%' then lines.resource_id end as resource_arn,
    nullif(regexp_extract(lines.resource_id, '([^/:]+)$', 1), '') as resource_name,
    case
        when lines.resource_id is null then null
        {resource_types}
        when lines.resource_id like 'arn:%'
            then concat_ws(':', split_part(lines.resource_id, ':', 3),
                           nullif(regexp_extract(lines.resource_id, '^arn:[^:]*:[^:]+:[^:]*:[^:]*:([a-zA-Z0-9-]+)[/:]', 1), ''))
    end as resource_type,
    coalesce(lines.plan_arn, lines.reservation_arn) as commitment_id,
    case when lines.plan_arn is not null then 'Savings Plan' when lines.reservation_arn is not null then 'Reserved Instance' end
        as commitment_type,
    case when lines.plan_arn is not null then 'Spend' when lines.reservation_arn is not null then 'Usage' end
        as commitment_category,
    case
        when lines.charge_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage') then 'Used'
        when lines.charge_type = 'SavingsPlanRecurringFee' and lines.unused_plan <> 0 then 'Unused'
        when lines.charge_type = 'RIFee' and lines.unused_reservation <> 0 then 'Unused'
    end as commitment_status,
    lines.unblended_cost,
    lines.net_unblended_cost,
    lines.blended_cost,
    case lines.charge_type
        when 'SavingsPlanCoveredUsage' then coalesce(lines.plan_cost, lines.unblended_cost)
        when 'DiscountedUsage' then coalesce(lines.reservation_cost, lines.unblended_cost)
        when 'SavingsPlanRecurringFee' then coalesce(lines.unused_plan, lines.unblended_cost)
        when 'RIFee' then coalesce(lines.unused_reservation, lines.unblended_cost)
        when 'SavingsPlanNegation' then 0
        when 'SavingsPlanUpfrontFee' then 0
        when 'Fee' then if(lines.reservation_arn is null, lines.unblended_cost, 0)
        when 'Refund' then if(lines.product_code = 'ComputeSavingsPlans', 0, lines.unblended_cost)
        else lines.unblended_cost
    end::{amount} as amortized_cost,
    case lines.charge_type
        when 'SavingsPlanCoveredUsage' then coalesce(lines.net_plan_cost, lines.plan_cost, lines.net_unblended_cost)
        when 'DiscountedUsage' then coalesce(lines.net_reservation_cost, lines.reservation_cost, lines.net_unblended_cost)
        when 'SavingsPlanRecurringFee'
            then coalesce(if(lines.has_net_plan, share(lines.unused_plan, lines.plan_net, lines.plan_gross), null),
                          lines.unused_plan, lines.net_unblended_cost)
        when 'RIFee' then coalesce(lines.net_unused_reservation, lines.unused_reservation, lines.net_unblended_cost)
        when 'SavingsPlanNegation' then 0
        when 'SavingsPlanUpfrontFee' then 0
        when 'Fee' then if(lines.reservation_arn is null, lines.net_unblended_cost, 0)
        when 'Refund' then if(lines.product_code = 'ComputeSavingsPlans', 0, lines.net_unblended_cost)
        else lines.net_unblended_cost
    end::{amount} as net_amortized_cost,
    case
        when lines.charge_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') then lines.public_cost
        when lines.charge_type = 'SavingsPlanNegation' or lines.charge_type like '%Discount' then 0
        else lines.unblended_cost
    end::{amount} as list_cost,
    case
        when lines.charge_type = 'SavingsPlanNegation' or lines.charge_type like '%Discount' then 0
        when lines.charge_type = 'DiscountedUsage' then null
        else lines.net_unblended_cost
    end::{amount} as contracted_cost,
    case
        when lines.charge_type = 'SavingsPlanRecurringFee' and lines.has_net_plan then 'inferred'
        when lines.has_net then 'delivered'
        else 'equals_gross'
    end as net_cost_basis,
    'delivered' as gross_cost_basis,
    lines.split_parent_resource_id is not null and coalesce(lines.split_cost, lines.split_unused_cost) is not null
    and lines.unblended_cost = 0 as is_split_line,
    lines.split_parent_resource_id,
    lines.split_cost,
    lines.split_unused_cost,
    lines.net_split_cost,
    lines.net_split_unused_cost,
    lines.resource_tags,
    lines.cost_categories,
    coalesce(nullif(lines.resource_tags['user_env'], ''),
             nullif(lines.resource_tags['user_environment'], ''),
             nullif(lines.resource_tags['user_Env'], ''),
             nullif(lines.resource_tags['user_Environment'], ''),
             nullif(lines.cost_categories['Environment'], '')) as env,
    coalesce(nullif(lines.resource_tags['user_team'], ''),
             nullif(lines.resource_tags['user_Team'], ''),
             nullif(lines.cost_categories['Team'], '')) as team,
    coalesce(nullif(lines.resource_tags['user_app'], ''),
             nullif(lines.resource_tags['user_App'], ''),
             nullif(lines.resource_tags['user_application'], ''),
             nullif(lines.resource_tags['user_Application'], '')) as app,
    coalesce(nullif(lines.resource_tags['user_CostCenter'], ''),
             nullif(lines.resource_tags['user_cost_center'], ''),
             nullif(lines.resource_tags['user_costcenter'], ''),
             nullif(lines.cost_categories['CostCenter'], '')) as cost_center,
    coalesce(nullif(lines.cost_categories['BusinessUnit'], ''),
             nullif(lines.resource_tags['user_BusinessUnit'], ''),
             nullif(lines.resource_tags['user_business_unit'], '')) as business_unit
from lines
left join service_of
    on
        lines.product_code = service_of.product_code
        and lines.usage_type is not distinct from service_of.usage_type
        and lines.operation is not distinct from service_of.operation
        and lines.billing_entity is not distinct from service_of.billing_entity
