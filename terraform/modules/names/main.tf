# Every name in one place, known before anything is made: policies can say exactly what they are about.
locals {
  prefix = "${var.project}-${var.environment}"
  bucket_uses = {
    lake    = "the lake itself: Delta tables, builds, published pointer"
    exports = "what AWS delivers: Data Exports, legacy CUR"
    results = "results of Athena queries"
    audit   = "who did what: CloudTrail, under Object Lock"
    logs    = "S3 access logs of the other buckets"
  }
  buckets     = { for use, _ in local.bucket_uses : use => "${local.prefix}-${use}-${var.account_id}-${var.region}" }
  bucket_arns = { for use, name in local.buckets : use => "arn:${var.partition}:s3:::${name}" }
  databases   = { for layer in ["bronze", "silver", "gold", "builds", "work"] : layer => replace("${local.prefix}_${layer}", "-", "_") }
  own         = { Project = var.project, Environment = var.environment, Owner = var.owner, CostCenter = var.cost_center, ManagedBy = "terraform" }
}
