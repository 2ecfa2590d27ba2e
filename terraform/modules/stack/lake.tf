# Where data lies and how it is read.
module "buckets" {
  source = "../buckets"

  buckets         = module.names.buckets
  policies        = module.key_policy.buckets
  key_arn         = local.key_arn
  lifecycle_rules = module.retention.lifecycle_rules
  object_lock     = module.retention.object_lock
  tags            = module.names.tags
}

module "exports" {
  source = "../exports"

  providers = {
    aws         = aws
    aws.billing = aws.billing
  }

  prefix        = module.names.prefix
  bucket        = module.buckets.names.exports
  bucket_region = local.region
  columns_file  = "${local.repository}/finlake/sample/columns.yml"
  cur2          = var.exports.cur2
  focus         = var.exports.focus
  tags          = module.names.tags
}

module "tables" {
  source = "../tables"

  models_dir = "${local.repository}/models"
  lake_uri   = module.names.lake_uri
  databases  = module.names.databases
}

module "catalogue" {
  source = "../catalogue"

  databases = module.names.databases
  tables    = module.tables.tables
  lake_uri  = module.names.lake_uri
  tags      = module.names.tags
}

module "athena" {
  source = "../athena"

  workgroup      = module.names.workgroup
  results_bucket = module.buckets.names.results
  key_arn        = local.key_arn
  databases      = module.catalogue.databases
  queries_dir    = "${local.repository}/models/queries"
  tags           = module.names.tags
}

module "ledger" {
  source = "../ledger"

  table   = module.names.ledger_table
  key_arn = local.key_arn
  tags    = module.names.tags
}
