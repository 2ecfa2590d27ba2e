# All modules together. Logic lives in the modules without a provider (names, tables, policies, retention, alerts).
data "aws_caller_identity" "this" {}
data "aws_region" "this" {}
data "aws_partition" "this" {}

locals {
  repository = var.repository_dir == null ? "${path.module}/../../.." : var.repository_dir
  airflow    = var.run.airflow != null
  log_group  = "/${var.labels.project}/${var.environment}"
  region     = data.aws_region.this.region
  key_arn    = module.kms.key_arn
  network = {
    vpc_id             = var.network.vpc_id
    subnet_ids         = var.network.subnet_ids
    security_group_id  = module.runner.security_group_id
    security_group_ids = [module.runner.security_group_id]
  }
  settings = merge(var.settings, var.run.emr == null ? {} : {
    FINLAKE_EMR__APPLICATION = module.emr[0].application_id
    FINLAKE_EMR__PACKAGE     = "${module.names.lake_uri}/emr"
    FINLAKE_EMR__ROLE        = module.iam.role_arns["emr"]
    }, {
    AWS_REGION         = local.region
    FINLAKE_LAKE       = module.names.lake_uri
    FINLAKE_LEDGER     = "dynamodb://${module.names.ledger_table}"
    FINLAKE_SOURCE     = coalesce(var.sources.uri, module.names.source_uri)
    FINLAKE_STATE_HOME = "/tmp/finlake"
    FINLAKE_TARGET     = "athena"

    FINLAKE_ATHENA__DATABASE  = trimsuffix(module.names.databases.gold, "_gold")
    FINLAKE_ATHENA__RESULTS   = "s3://${module.names.buckets.results}/athena"
    FINLAKE_ATHENA__WORKGROUP = module.names.workgroup
  })
}

module "names" {
  source = "../names"

  project     = var.labels.project
  environment = var.environment
  account_id  = data.aws_caller_identity.this.account_id
  region      = local.region
  partition   = data.aws_partition.this.partition
  owner       = var.labels.owner
  cost_center = var.labels.cost_center
  tags        = var.labels.tags
}

module "retention" {
  source = "../retention"

  undo_days                 = var.retention.undo_days
  bronze_to_infrequent_days = var.retention.bronze_to_infrequent_days
  exports_days              = var.retention.exports_days
  audit                     = var.retention.audit
  backup_days               = var.retention.backup_days
}

# Twice: the key's own policy must be there before the key whose ARN the others name.
module "key_policy" {
  source = "../policies"

  aws        = local.aws
  calls_file = local.calls_file
  names      = local.names
  runner     = { repository_arn = var.image.repository_arn, log_group = local.log_group }
  trail_name = module.names.prefix
}

module "policies" {
  source = "../policies"

  aws             = local.aws
  calls_file      = local.calls_file
  names           = local.names
  source_buckets  = var.sources.buckets
  source_key_arns = var.sources.key_arns
  key_arn         = local.key_arn
  members         = var.members
  trail_name      = module.names.prefix

  emr_application_arns = module.emr[*].application_arn
  runner = {
    repository_arn = var.image.repository_arn
    log_group      = local.log_group
    secret_arns    = local.airflow ? distinct([for arn in values(module.airflow[0].run_secrets) : join(":", slice(split(":", arn), 0, 7))]) : []
  }
}

locals {
  calls_file = "${local.repository}/tests/house/aws_calls.yml"
  aws = {
    partition  = data.aws_partition.this.partition
    account_id = data.aws_caller_identity.this.account_id
    region     = local.region
  }
  names = {
    prefix       = module.names.prefix
    buckets      = module.names.buckets
    databases    = module.names.databases
    ledger_table = module.names.ledger_table
    workgroup    = module.names.workgroup
  }
}

module "kms" {
  source = "../kms"

  prefix = module.names.prefix
  policy = module.key_policy.key
  tags   = module.names.tags
}
