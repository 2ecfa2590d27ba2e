# Small: no Airflow; a new manifest starts one task, and nothing runs in between.
module "finlake" {
  source = "../../modules/stack"

  providers = {
    aws         = aws
    aws.billing = aws.billing
  }

  environment = "dev"
  image       = var.image
  network     = var.network
  sources     = var.sources
  settings    = var.settings
  exports     = { cur2 = { granularity = "DAILY", split_costs = false } }
  run         = { size = { cpu = 1024, memory_mib = 8192, disk_gib = 30 }, emr = var.emr }
  retention   = { undo_days = 7, audit = { locked_days = 1, kept_days = 30 } }
  alerts      = { monthly_limit_usd = var.monthly_limit_usd, emails = var.emails }
}
