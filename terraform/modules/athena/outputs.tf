output "workgroup" {
  description = "Name of the workgroup."
  value       = aws_athena_workgroup.this.name
}

output "named_queries" {
  description = "Names of the queries that people find in Athena."
  value       = keys(aws_athena_named_query.this)
}
