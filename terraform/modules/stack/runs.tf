# What runs, who may do what, and what starts it.
module "iam" {
  source = "../iam"

  prefix      = module.names.prefix
  permissions = module.policies.roles
  trust       = module.policies.trust
  roles       = setunion(["runner", "execution", "events", "analyst", "operator"], var.run.emr == null ? [] : ["emr"])
  tags        = module.names.tags
}

module "runner" {
  source = "../runner"

  prefix      = module.names.prefix
  vpc_id      = var.network.vpc_id
  image       = var.image.uri
  roles       = { execution = module.iam.role_arns["execution"], runner = module.iam.role_arns["runner"] }
  size        = local.airflow ? { cpu = 512, memory_mib = 2048, disk_gib = 21 } : var.run.size
  command     = local.airflow ? ["airflow", "dags", "trigger", "billing_ingest"] : ["finlake", "run", "--wait", "1800"]
  environment = merge(local.settings, local.airflow ? module.airflow[0].run_environment : {})
  secrets     = local.airflow ? module.airflow[0].run_secrets : {}
  log         = { group = local.log_group, key_arn = local.key_arn }
  tags        = module.names.tags
}

module "airflow" {
  source = "../airflow"
  count  = local.airflow ? 1 : 0

  prefix      = module.names.prefix
  cluster_arn = module.runner.cluster_arn
  image       = var.image.uri
  network     = local.network
  roles       = { execution = module.iam.role_arns["execution"], runner = module.iam.role_arns["runner"] }
  size        = var.run.airflow.size
  environment = local.settings
  secret_arn  = var.run.airflow.secret_arn
  log         = { group = local.log_group, region = local.region }
  key_arn     = local.key_arn
  tags        = module.names.tags
}

module "emr" {
  source = "../emr"
  count  = var.run.emr == null ? 0 : 1

  name      = module.names.prefix
  release   = var.run.emr.release
  image_uri = var.run.emr.image_uri
  network   = local.network
  tags      = module.names.tags
}

module "trigger" {
  source = "../trigger"

  prefix       = module.names.prefix
  bucket       = module.buckets.names.exports
  schedule     = var.run.schedule
  starts_runs  = var.run.emr == null # the task can't write a lake whose engine is spark
  queue_policy = module.policies.queue
  topic_arn    = module.alarms.topic_arn
  key_arn      = local.key_arn
  tags         = module.names.tags
  task = {
    cluster_arn         = module.runner.cluster_arn
    task_definition_arn = module.runner.task_definition_arn
    role_arn            = module.iam.role_arns["events"]
    subnet_ids          = local.network.subnet_ids
    security_group_ids  = local.network.security_group_ids
  }
}
