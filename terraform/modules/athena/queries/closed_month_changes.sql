-- Net unblended cost of every delivery of a month, in the order of their ids: what AWS has changed since
select billing_period, export_id, payer_id, currency, delivery_id, sum(net_unblended_cost) as net_unblended_cost,
       sum(line_count) as line_count
from "${silver}"."delivery_costs"
group by 1, 2, 3, 4, 5
order by 1 desc, 2, 3, 5
