output "alarms" {
  description = "CloudWatch alarms by name."
  value       = local.alarms
}

output "budget" {
  description = "Budget of finlake's own cost: limit as text and notifications."
  value       = { limit = format("%.2f", var.monthly_limit_usd), notifications = local.notifications }
}
