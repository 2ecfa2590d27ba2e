output "lifecycle_rules" {
  description = "Lifecycle rules by bucket use."
  value       = local.rules
}

output "object_lock" {
  description = "Default retention of the audit bucket: mode and days."
  value       = { mode = var.audit.mode, days = var.audit.locked_days }
}

output "backup_rules" {
  description = "Backup plan of the ledger: schedule and days kept."
  value       = local.backup_rules
}
