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

output "operator_role" {
  description = "Role that people take to run finlake's commands: what the task may do."
  value       = module.iam.role_arns["operator"]
}

output "exports" {
  description = "Lines for a shell (eval), by which finlake works on this lake from another machine."
  value = join("\n", [
    for name, value in local.settings : "export ${name}='${replace(value, "'", "'\\''")}'" if name != "FINLAKE_STATE_HOME"
  ])
}

output "run_task" {
  description = "The command that starts the task now (eval)."
  value = join(" ", [
    "aws ecs run-task --launch-type FARGATE --region ${local.region} --cluster ${module.runner.cluster_arn}",
    "--task-definition ${module.runner.task_definition_arn} --network-configuration",
    "'awsvpcConfiguration={subnets=[${join(",", var.network.subnet_ids)}],securityGroups=[${module.runner.security_group_id}],assignPublicIp=DISABLED}'",
  ])
}

output "emr" {
  description = "Application, role and package of EMR Serverless, as finlake's settings emr.* take them; null: none."
  value = var.run.emr == null ? null : {
    application = local.settings.FINLAKE_EMR__APPLICATION
    role        = local.settings.FINLAKE_EMR__ROLE
    package     = local.settings.FINLAKE_EMR__PACKAGE
  }
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
