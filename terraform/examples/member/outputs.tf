output "role_arn" {
  description = "ARN of the role that finlake's runner takes."
  value       = module.reader.role_arn
}
