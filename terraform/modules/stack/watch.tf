# Who is told of what, what is written down, what is backed up.
module "alerts" {
  source = "../alerts"

  prefix            = module.names.prefix
  monthly_limit_usd = var.alerts.monthly_limit_usd
  delivery_hours    = var.alerts.delivery_hours
  database          = local.airflow ? "${module.names.prefix}-airflow" : null
  names = {
    rule   = "${module.names.prefix}-new-manifest"
    queue  = "${module.names.prefix}-lost-events"
    ledger = module.names.ledger_table
  }
}

module "alarms" {
  source = "../alarms"

  prefix       = module.names.prefix
  alarms       = module.alerts.alarms
  topic_policy = module.policies.topic
  emails       = var.alerts.emails
  key_arn      = local.key_arn
  tags         = module.names.tags
}

module "budget" {
  source = "../budget"

  name      = module.names.prefix
  budget    = module.alerts.budget
  tag       = { key = "CostCenter", value = module.names.tags.CostCenter }
  topic_arn = module.alarms.topic_arn
}

module "audit" {
  source = "../audit"

  name                = module.names.prefix
  bucket              = module.buckets.names.audit
  key_arn             = local.key_arn
  watched_bucket_arns = [module.names.bucket_arns.lake, module.names.bucket_arns.exports]
  tags                = module.names.tags
}

module "backup" {
  source = "../backup"

  prefix        = module.names.prefix
  rules         = module.retention.backup_rules
  resource_arns = [module.ledger.table_arn]
  trust         = module.policies.trust.backup
  key_arn       = local.key_arn
  partition     = data.aws_partition.this.partition
  tags          = module.names.tags
}
