-- Cost of each month by service and currency, of the export that counts
select l.billing_period, l.currency, l.service_name, sum(l.net_amortized_cost) as net_amortized_cost,
       sum(l.net_unblended_cost) as net_unblended_cost
from "${silver}"."billing_line_items" l
join "${silver}"."billing_authority" a
  on a.export_id = l.export_id and a.payer_id = l.payer_id and a.billing_period = l.billing_period
group by 1, 2, 3
order by 1 desc, 2, 4 desc
