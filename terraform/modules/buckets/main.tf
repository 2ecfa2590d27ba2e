locals {
  # S3 delivers access logs to buckets with its own keys only.
  with_own_keys = toset(concat(["logs"], var.encrypt_exports_with_key ? [] : ["exports"]))
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:a copy in another region doubles the storage; the source is AWS's export, which can be delivered again
  #checkov:skip=CKV_AWS_19:every bucket is encrypted, by the resource below; the checker loses it over for_each
  #checkov:skip=CKV_AWS_145:logs and exports use S3's own keys, since AWS's services write them; all others use finlake's key
  #checkov:skip=CKV2_AWS_62:only the exports bucket tells of new objects (aws_s3_bucket_notification below)
  #checkov:skip=CKV_AWS_18:every bucket but the one that takes the access logs is logged (aws_s3_bucket_logging below)
  for_each = var.buckets

  bucket              = each.value
  force_destroy       = false
  object_lock_enabled = each.key == "audit"
  tags                = merge(var.tags, { Use = each.key })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    bucket_key_enabled = !contains(local.with_own_keys, each.key)

    apply_server_side_encryption_by_default {
      sse_algorithm     = contains(local.with_own_keys, each.key) ? "AES256" : "aws:kms"
      kms_master_key_id = contains(local.with_own_keys, each.key) ? null : var.key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  #checkov:skip=CKV_AWS_300:modules/retention gives every bucket a rule that ends unfinished uploads, and its test says so
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  dynamic "rule" {
    for_each = var.lifecycle_rules[each.key]

    content {
      id     = rule.value.id
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "expiration" {
        for_each = rule.value.expire_days == null ? [] : [rule.value.expire_days]

        content {
          days = expiration.value
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = rule.value.noncurrent_days == null ? [] : [rule.value.noncurrent_days]

        content {
          noncurrent_days = noncurrent_version_expiration.value
        }
      }

      dynamic "transition" {
        for_each = rule.value.transition_days == null ? [] : [rule.value.transition_days]

        content {
          days          = transition.value
          storage_class = rule.value.transition_class
        }
      }

      dynamic "abort_incomplete_multipart_upload" {
        for_each = rule.value.abort_days == null ? [] : [rule.value.abort_days]

        content {
          days_after_initiation = abort_incomplete_multipart_upload.value
        }
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_object_lock_configuration" "audit" {
  bucket = aws_s3_bucket.this["audit"].id

  rule {
    default_retention {
      mode = var.object_lock.mode
      days = var.object_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  policy = var.policies[each.key]

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_logging" "this" {
  for_each = { for use, bucket in aws_s3_bucket.this : use => bucket if use != "logs" }

  bucket        = each.value.id
  target_bucket = aws_s3_bucket.this["logs"].id
  target_prefix = "${each.key}/"
}

resource "aws_s3_bucket_notification" "exports" {
  bucket      = aws_s3_bucket.this["exports"].id
  eventbridge = true
}
