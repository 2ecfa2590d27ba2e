# Airflow on ECS where its secret is given; hourly bill, audit trail locked for a year: by GOVERNANCE, which an administrator
# can lift. COMPLIANCE can't be lifted by anybody, nor can what it keeps be paid for any less: choose it knowingly.
module "finlake" {
  source = "../../modules/stack"

  providers = {
    aws         = aws
    aws.billing = aws.billing
  }

  environment = "prod"
  image       = var.image
  network     = var.network
  sources     = var.sources
  members     = var.members
  settings    = var.settings
  exports     = { focus = { enabled = true } }
  retention   = { undo_days = 30, bronze_to_infrequent_days = 120, audit = { mode = "GOVERNANCE" } }
  alerts      = { monthly_limit_usd = var.monthly_limit_usd, emails = var.emails, delivery_hours = 24 }
  run = {
    size    = { cpu = 4096, memory_mib = 30720, disk_gib = 200 }
    airflow = var.airflow_secret_arn == null ? null : { secret_arn = var.airflow_secret_arn, size = { disk_gib = 200 } }
    emr     = var.emr
  }
}
