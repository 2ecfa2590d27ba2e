# What the buckets themselves allow and refuse, whoever asks.
locals {
  all_arns = { for use, name in var.names.buckets : use => "arn:${var.aws.partition}:s3:::${name}" }
  trail    = "arn:${var.aws.partition}:cloudtrail:${var.aws.region}:${var.aws.account_id}:trail/${var.trail_name}"
  here     = { StringEquals = { "aws:SourceAccount" = var.aws.account_id } }

  tls_only = { for use, arn in local.all_arns : use => [{
    Sid       = "TlsOnly", Effect = "Deny", Principal = "*", Action = "s3:*", Resource = [arn, "${arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] }

  # Older versions go by the lifecycle rules only: a stolen key can't take the bill's memory away.
  versions_stay = { for use in ["lake", "exports", "audit"] : use => [{
    Sid = "VersionsStay", Effect = "Deny", Principal = "*", Action = ["s3:DeleteObjectVersion"], Resource = ["${local.all_arns[use]}/*"]
  }] }

  # https://docs.aws.amazon.com/cur/latest/userguide/dataexports-s3-bucket.html
  delivery = [{
    Sid       = "DataExports", Effect = "Allow", Action = ["s3:PutObject", "s3:GetBucketPolicy"]
    Principal = { Service = ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"] }
    Resource  = [local.all_arns.exports, "${local.all_arns.exports}/*"]
    Condition = {
      StringEquals = { "aws:SourceAccount" = var.aws.account_id }
      ArnLike = { "aws:SourceArn" = [
        "arn:${var.aws.partition}:bcm-data-exports:us-east-1:${var.aws.account_id}:export/*",
        "arn:${var.aws.partition}:cur:us-east-1:${var.aws.account_id}:definition/*",
      ] }
    }
  }]

  trail_writes = [
    {
      Sid       = "TrailLooks", Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = ["s3:GetBucketAcl"], Resource = [local.all_arns.audit]
      Condition = { StringEquals = { "aws:SourceArn" = local.trail } }
    },
    {
      Sid       = "TrailWrites", Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = ["s3:PutObject"], Resource = ["${local.all_arns.audit}/AWSLogs/${var.aws.account_id}/*"]
      Condition = { StringEquals = { "aws:SourceArn" = local.trail, "s3:x-amz-acl" = "bucket-owner-full-control" } }
    },
  ]
  access_logs = [{
    Sid       = "AccessLogs", Effect = "Allow", Principal = { Service = "logging.s3.amazonaws.com" }
    Action    = ["s3:PutObject"], Resource = ["${local.all_arns.logs}/*"]
    Condition = local.here
  }]

  buckets = {
    lake    = concat(local.tls_only.lake, local.versions_stay.lake)
    exports = concat(local.tls_only.exports, local.versions_stay.exports, local.delivery)
    results = local.tls_only.results
    audit   = concat(local.tls_only.audit, local.versions_stay.audit, local.trail_writes)
    logs    = concat(local.tls_only.logs, local.access_logs)
  }
}
