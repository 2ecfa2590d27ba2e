locals {
  queries = {
    for file in fileset(var.queries_dir, "*.sql") : trimsuffix(file, ".sql") => templatefile("${var.queries_dir}/${file}", var.databases)
  }
}

resource "aws_athena_workgroup" "this" {
  name          = var.workgroup
  description   = "finlake"
  force_destroy = false
  tags          = var.tags

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.scan_limit_gb * 1000000000

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location = "s3://${var.results_bucket}/athena/"

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.key_arn
      }
    }
  }
}

resource "aws_athena_named_query" "this" {
  for_each = local.queries

  name        = each.key
  description = trimspace(trimprefix(split("\n", each.value)[0], "--"))
  workgroup   = aws_athena_workgroup.this.name
  database    = var.databases.gold
  query       = each.value
}
