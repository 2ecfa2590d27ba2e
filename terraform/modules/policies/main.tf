# From the allow-list to IAM: every operation that the code may call, its actions, and what they may be allowed on.
locals {
  calls   = yamldecode(file(var.calls_file))
  mapping = yamldecode(file("${path.module}/iam_actions.yml"))

  listed = concat(
    flatten([for service, operations in local.calls.reads : [
      for operation in operations : { list = "reads", service = service, operation = operation }
    ]]),
    flatten([for service, operations in local.calls.lake_writes : [
      for operation, files in operations : { list = "lake_writes", service = service, operation = operation }
    ]]),
    flatten([for service, operations in local.calls.lake_store : [
      for operation in operations : { list = "lake_store", service = service, operation = operation }
    ]]),
  )
  unknown_services = distinct([for call in local.listed : call.service if !contains(keys(local.mapping.services), call.service)])

  granted = [
    for call in local.listed : merge(call, {
      scope = try(local.mapping.operations["${call.service}.${call.operation}"].scope, local.mapping.services[call.service].scope)
      actions = try(
        local.mapping.operations["${call.service}.${call.operation}"].actions,
        ["${local.mapping.services[call.service].prefix}:${join("", [for word in split("_", call.operation) : title(word)])}"]
      )
    }) if contains(keys(local.mapping.services), call.service)
  ]

  # Actions by what they are about.
  of = {
    account   = sort(distinct(flatten([for call in local.granted : call.actions if call.scope == "account"])))
    ledger    = sort(distinct(flatten([for call in local.granted : call.actions if call.scope == "ledger"])))
    catalogue = sort(distinct(flatten([for call in local.granted : call.actions if call.scope == "catalogue"])))
    workgroup = sort(distinct(flatten([for call in local.granted : call.actions if call.scope == "workgroup"])))
    jobs      = sort(distinct(flatten([for call in local.granted : call.actions if call.scope == "jobs"])))
    source    = sort(distinct(flatten([for call in local.granted : call.actions if call.scope == "bucket" && call.list == "reads"])))
    lake      = sort(distinct(flatten([for call in local.granted : call.actions if call.scope == "bucket"])))
  }
  writes_in_account = [
    for call in local.granted : "${call.service}.${call.operation}" if call.scope == "account" && call.list != "reads"
  ]

  bucket_actions = local.mapping.bucket_actions
  arns = {
    lake    = "arn:${var.aws.partition}:s3:::${var.names.buckets.lake}"
    results = "arn:${var.aws.partition}:s3:::${var.names.buckets.results}"
    sources = [for name in concat([var.names.buckets.exports], var.source_buckets) : "arn:${var.aws.partition}:s3:::${name}"]
    ledger  = "arn:${var.aws.partition}:dynamodb:${var.aws.region}:${var.aws.account_id}:table/${var.names.ledger_table}"
    glue    = "arn:${var.aws.partition}:glue:${var.aws.region}:${var.aws.account_id}"
    workgroup = join(":", [
      "arn", var.aws.partition, "athena", var.aws.region, var.aws.account_id, "workgroup/${var.names.workgroup}"
    ])
    datacatalog  = "arn:${var.aws.partition}:athena:${var.aws.region}:${var.aws.account_id}:datacatalog/AwsDataCatalog"
    logs         = "arn:${var.aws.partition}:logs:${var.aws.region}:${var.aws.account_id}:log-group:${var.runner.log_group}:*"
    emr_role     = "arn:${var.aws.partition}:iam::${var.aws.account_id}:role/${var.names.prefix}-emr"
    runner_role  = "arn:${var.aws.partition}:iam::${var.aws.account_id}:role/${var.names.prefix}-runner"
    member_roles = [for id in var.members.account_ids : "arn:${var.aws.partition}:iam::${id}:role/${var.members.role_name}"]
  }
  own = {
    bucket_level = [local.arns.lake, local.arns.results]
    objects      = ["${local.arns.lake}/${var.names.lake_prefix}/*", "${local.arns.results}/*"]
    ledger       = [local.arns.ledger, "${local.arns.ledger}/index/*"]
    catalogue = concat(
      ["${local.arns.glue}:catalog"],
      [for name in values(var.names.databases) : "${local.arns.glue}:database/${name}"],
      [for name in values(var.names.databases) : "${local.arns.glue}:table/${name}/*"],
    )
    workgroup = [local.arns.workgroup]
    jobs      = flatten([for arn in var.emr_application_arns : [arn, "${arn}/jobruns/*"]])
  }
}
