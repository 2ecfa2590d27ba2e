with months as (
    select
        payer_id,
        account_id,
        billing_period,
        max(payer_name) as payer_name,
        max(account_name) as account_name
    from {{ ref('int_account_periods') }}
    group by payer_id, account_id, billing_period
)

select
    payer_id,
    account_id,
    max_by(account_name, billing_period) filter (where account_name is not null) as account_name,
    max_by(payer_name, billing_period) filter (where payer_name is not null) as payer_name,
    payer_id = account_id as is_payer,
    min(billing_period) as first_billing_period,
    max(billing_period) as last_billing_period
from months
group by payer_id, account_id
