output "role_arns" {
  description = "ARNs of the roles, known once their permissions are there."
  value       = { for name, policy in aws_iam_role_policy.this : name => aws_iam_role.this[name].arn }
}
