output "cluster_arn" {
  description = "ARN of the ECS cluster."
  value       = aws_ecs_cluster.this.arn
}

output "task_definition_arn" {
  description = "ARN of the task definition, newest revision."
  value       = aws_ecs_task_definition.run.arn
}

output "security_group_id" {
  description = "Security group of finlake's tasks."
  value       = aws_security_group.this.id
}

output "log_group" {
  description = "Log group of finlake's tasks."
  value       = aws_cloudwatch_log_group.this.name
}
