output "prefix" {
  description = "Start of every name: project and environment."
  value       = local.prefix
}

output "buckets" {
  description = "Bucket names by use: lake, exports, results, audit, logs."
  value       = local.buckets

  precondition {
    condition     = alltrue([for name in values(local.buckets) : length(name) <= 63])
    error_message = "A bucket's name would be longer than the 63 characters that S3 allows: shorten project or environment."
  }
}

output "bucket_arns" {
  description = "Bucket ARNs by use."
  value       = local.bucket_arns
}

output "bucket_uses" {
  description = "What each bucket is for."
  value       = local.bucket_uses
}

output "lake_uri" {
  description = "The lake as finlake takes it: FINLAKE_LAKE."
  value       = "s3://${local.buckets.lake}/${var.lake_prefix}"
}

output "source_uri" {
  description = "Where finlake looks for deliveries: FINLAKE_SOURCE."
  value       = "s3://${local.buckets.exports}/exports"
}

output "databases" {
  description = "Glue database names by layer."
  value       = local.databases
}

output "ledger_table" {
  description = "Name of the DynamoDB table of the ledger."
  value       = "${local.prefix}-ledger"
}

output "workgroup" {
  description = "Name of the Athena workgroup."
  value       = local.prefix
}

output "tags" {
  description = "Tags of every resource; the names that finlake needs can't be replaced by `tags`."
  value       = merge(var.tags, local.own)
}
