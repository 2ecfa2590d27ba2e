# What finlake's own processes may do. Allowed is what the code can call, on what it is for; everything else is denied outright,
# so that no policy that somebody attaches later gives them more.
locals {
  athena           = length(local.of.workgroup) > 0
  default_database = ["${local.arns.glue}:catalog", "${local.arns.glue}:database/default"]

  via = { StringEquals = { "kms:ViaService" = [for s in ["s3", "dynamodb"] : "${s}.${var.aws.region}.amazonaws.com"] } }

  # Actions on S3, apart for buckets and for objects, since their ARNs differ.
  s3_statements = [
    { Sid = "SourceBuckets", Actions = setintersection(local.of.source, local.bucket_actions), Resources = local.arns.sources },
    { Sid = "SourceObjects", Actions = setsubtract(local.of.source, local.bucket_actions), Resources = [for a in local.arns.sources : "${a}/*"] },
    { Sid = "LakeBuckets", Actions = setintersection(local.of.lake, local.bucket_actions), Resources = local.own.bucket_level },
    { Sid = "LakeObjects", Actions = setsubtract(local.of.lake, local.bucket_actions), Resources = local.own.objects },
  ]
  own_statements = [
    { Sid = "Ledger", Actions = local.of.ledger, Resources = local.own.ledger },
    { Sid = "Catalogue", Actions = local.of.catalogue, Resources = local.own.catalogue },
    { Sid = "Workgroup", Actions = local.of.workgroup, Resources = local.own.workgroup },
    { Sid = "DefaultDatabase", Actions = local.athena ? local.mapping.of_default_database : [], Resources = local.default_database },
    { Sid = "AthenasParts", Actions = local.athena ? ["s3:ListMultipartUploadParts"] : [], Resources = local.own.objects },
    { Sid = "AthenasUploads", Actions = local.athena ? ["s3:ListBucketMultipartUploads"] : [], Resources = local.own.bucket_level },
    { Sid = "Jobs", Actions = local.of.jobs, Resources = local.own.jobs },
  ]
  account_statements = [{ Sid = "ReadTheAccount", Actions = local.of.account, Resources = ["*"] }]
  key_statements = concat(
    var.key_arn == null ? [] : [
      { Sid = "OwnKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.key_arn], Condition = local.via }
    ],
    length(var.source_key_arns) == 0 ? [] : [
      { Sid = "SourceKeys", Effect = "Allow", Action = ["kms:Decrypt"], Resource = var.source_key_arns, Condition = local.via }
    ],
  )
  member_statements = length(local.arns.member_roles) == 0 ? [] : [
    { Sid = "TakeTheReadersRole", Effect = "Allow", Action = ["sts:AssumeRole"], Resource = local.arns.member_roles }
  ]

  # The role that a job on EMR Serverless has is handed over to it, and to nothing else.
  job_statements = length(local.own.jobs) == 0 ? [] : [
    {
      Sid       = "WithTheJobsRole", Effect = "Allow", Action = ["iam:PassRole"], Resource = [local.arns.emr_role]
      Condition = { StringEquals = { "iam:PassedToService" = "emr-serverless.amazonaws.com" } }
    }
  ]

  allow = { for name, statements in {
    s3      = local.s3_statements
    own     = local.own_statements
    account = local.account_statements
    } : name => [
    for s in statements : { Sid = s.Sid, Effect = "Allow", Action = sort(s.Actions), Resource = s.Resources } if length(s.Actions) > 0 && length(s.Resources) > 0
  ] }

  # People who run finlake's commands: what the task may do, but for the role in member accounts, which trusts the task alone.
  operator_allows = concat(
    local.allow.s3, local.allow.own, local.allow.account, [for s in local.key_statements : s], local.job_statements
  )
  runner_allows = concat(local.operator_allows, local.member_statements)
  # A job's driver runs the same commands, the ledger's lease included.
  emr_allows    = concat(local.allow.s3, [for s in local.allow.own : s if s.Sid == "Ledger"], local.key_statements)
  reader_allows = local.allow.account

  fences = { for who, allows in {
    runner = local.runner_allows, operator = local.operator_allows, emr = local.emr_allows, reader = local.reader_allows
    } : who => [
    { Sid = "NothingElse", Effect = "Deny", NotAction = sort(distinct(flatten([for s in allows : s.Action]))), Resource = ["*"] }
  ] }
  object_writes = sort(setsubtract(local.of.lake, concat(local.of.source, local.bucket_actions)))
  write_fence = [
    { Sid = "WritesInTheLakeOnly", Effect = "Deny", Action = local.object_writes, NotResource = local.own.objects }
  ]

  processes = {
    runner        = concat(local.runner_allows, local.fences.runner, local.write_fence)
    operator      = concat(local.operator_allows, local.fences.operator, local.write_fence)
    emr           = concat(local.emr_allows, local.fences.emr, local.write_fence)
    member_reader = concat(local.reader_allows, local.fences.reader)
  }
}
