-- Difference between the lines and the totals that a second path read from the same delivery: each must be 0
select t.billing_period, t.export_id, t.payer_id, t.currency, t.line_count - count(l.export_id) as lines_missing,
       t.net_unblended_cost - coalesce(sum(l.net_unblended_cost), 0) as net_unblended_difference,
       t.net_amortized_cost - coalesce(sum(l.net_amortized_cost), 0) as net_amortized_difference
from "${silver}"."source_totals" t
left join "${silver}"."billing_line_items" l
  on l.export_id = t.export_id and l.billing_period = t.billing_period and l.delivery_id = t.delivery_id
  and l.payer_id = t.payer_id and l.currency = t.currency
where t.delivery_id in (select delivery_id from "${silver}"."billing_line_items")
group by t.billing_period, t.export_id, t.payer_id, t.currency, t.line_count, t.net_unblended_cost, t.net_amortized_cost
order by 1 desc, 2, 3
