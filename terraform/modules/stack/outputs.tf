output "lake" {
  description = "The lake: what `finlake --lake` takes."
  value       = module.names.lake_uri
}

output "source" {
  description = "Where AWS delivers: what `finlake --source` takes."
  value       = local.settings.FINLAKE_SOURCE
}

output "workgroup" {
  description = "Athena workgroup for people."
  value       = module.athena.workgroup
}

output "analyst_role" {
  description = "Role that people take to query: silver and gold, no write but their results."
  value       = module.iam.role_arns["analyst"]
}

output "runner_role" {
  description = "Role of finlake itself; members' trust names it."
  value       = module.iam.role_arns["runner"]
}

output "member_policies" {
  description = "Permissions and trust of the role in member accounts: input of modules/member."
  value       = { permissions = module.policies.roles.member_reader, trust = module.policies.trust.member_reader }
}

output "log_group" {
  description = "Log of all runs."
  value       = module.runner.log_group
}

output "ledger_table" {
  description = "DynamoDB table of the ledger."
  value       = module.ledger.table
}

output "granted" {
  description = "Every AWS operation that finlake's code may call, with its IAM actions: for auditors."
  value       = module.policies.granted
}
