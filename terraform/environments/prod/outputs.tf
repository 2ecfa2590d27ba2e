output "lake" {
  description = "The lake: what `finlake --lake` takes."
  value       = module.finlake.lake
}

output "source" {
  description = "Where AWS delivers: what `finlake --source` takes."
  value       = module.finlake.source
}

output "workgroup" {
  description = "Athena workgroup for people."
  value       = module.finlake.workgroup
}

output "analyst_role" {
  description = "Role that people take to query."
  value       = module.finlake.analyst_role
}

output "operator_role" {
  description = "Role that people take to run finlake's commands."
  value       = module.finlake.operator_role
}

output "exports" {
  description = "Lines for a shell (eval), by which finlake works on this lake from another machine."
  value       = module.finlake.exports
}

output "run_task" {
  description = "The command that starts the task now (eval)."
  value       = module.finlake.run_task
}

output "emr" {
  description = "Application, role and package of EMR Serverless; null: none."
  value       = module.finlake.emr
}

output "runner_role" {
  description = "Role of finlake itself."
  value       = module.finlake.runner_role
}

output "log_group" {
  description = "Log of all runs."
  value       = module.finlake.log_group
}

output "ledger_table" {
  description = "DynamoDB table of the ledger."
  value       = module.finlake.ledger_table
}

output "member_policies" {
  description = "Input of examples/member."
  value       = module.finlake.member_policies
}

output "granted" {
  description = "Every AWS operation that finlake's code may call, with its IAM actions."
  value       = module.finlake.granted
}
