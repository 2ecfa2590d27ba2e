-- Resources of the newest month that carry no team, dearest first
select l.account_id, l.service_name, l.resource_id, l.currency, sum(l.net_amortized_cost) as net_amortized_cost
from "${silver}"."billing_line_items" l
join "${silver}"."billing_authority" a
  on a.export_id = l.export_id and a.payer_id = l.payer_id and a.billing_period = l.billing_period
where l.billing_period = (select max(billing_period) from "${silver}"."billing_authority")
  and l.team is null and l.resource_id is not null
group by 1, 2, 3, 4
order by 5 desc
limit 200
