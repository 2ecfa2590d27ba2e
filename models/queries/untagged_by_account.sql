-- In which accounts and services does the money without a team sit?
-- Em quais contas e serviços está o dinheiro sem time?
with last_month as (
    select
        payer_id,
        max(billing_period) as billing_period
    from ${gold}.freshness
    group by payer_id
)

select
    t.account_id,
    a.account_name,
    t.service,
    t.currency,
    sum(t.untagged_cost) as untagged_cost
from ${gold}.tag_coverage as t
inner join last_month as l on t.payer_id = l.payer_id and t.billing_period = l.billing_period
left join ${gold}.dim_account as a on t.payer_id = a.payer_id and t.account_id = a.account_id
where t.key_kind = 'dimension' and t.tag_key = 'team' and t.untagged_cost <> 0
group by t.account_id, a.account_name, t.service, t.currency
order by untagged_cost desc, t.account_id, t.service, t.currency
