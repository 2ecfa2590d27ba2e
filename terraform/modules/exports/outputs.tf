output "export_arns" {
  description = "ARNs of the exports by kind: cur2, focus."
  value       = { for kind, export in aws_bcmdataexports_export.this : kind => export.arn }
}

output "queries" {
  description = "The exports' SQL by kind."
  value       = { for kind, export in local.exports : kind => export.query }
}
