-- Bill lines of the export that counts for the payer and month. Everything in money starts here: lines of any
-- other export describe the same charges once more.
select lines.*
from {{ ref('stg_billing_line_items') }} as lines
inner join {{ ref('stg_billing_authority') }} as authority
    on
        lines.payer_id = authority.payer_id
        and lines.billing_period = authority.billing_period
        and lines.export_id = authority.export_id
