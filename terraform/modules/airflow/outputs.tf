output "database" {
  description = "RDS instance of Airflow's own state."
  value       = aws_db_instance.this.identifier
}

output "run_environment" {
  description = "Settings by which `airflow dags trigger` in another task reaches this Airflow's database."
  value       = local.all_settings
}

output "run_secrets" {
  description = "Secrets of the same: variable to ARN."
  value       = local.secrets
}
