# Data Exports deliver the bill to S3. The service answers in us-east-1 only: the provider alias `aws.billing` must be there,
# in the account whose bill it is. The bucket may lie in another region.
locals {
  # Data Exports refuse `SELECT *`: every column is named.
  split_columns = [for name in keys(yamldecode(file(var.columns_file)).columns) : name if startswith(name, "split_line_item_")]
  cur2_columns = [
    for name in keys(yamldecode(file(var.columns_file)).columns) : name
    if(var.cur2.split_costs || !contains(local.split_columns, name)) && (var.cur2.resources || name != "line_item_resource_id")
  ]
  focus_columns = yamldecode(file("${path.module}/focus_columns.yml")).columns

  exports = merge(
    var.cur2.enabled ? { cur2 = {
      query     = "SELECT ${join(", ", local.cur2_columns)} FROM COST_AND_USAGE_REPORT"
      overwrite = var.cur2.overwrite
      tables = { COST_AND_USAGE_REPORT = {
        TIME_GRANULARITY                      = var.cur2.granularity
        INCLUDE_RESOURCES                     = var.cur2.resources ? "TRUE" : "FALSE"
        INCLUDE_SPLIT_COST_ALLOCATION_DATA    = var.cur2.split_costs ? "TRUE" : "FALSE"
        INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY = "FALSE"
      } }
    } } : {},
    var.focus.enabled ? { focus = {
      query     = "SELECT ${join(", ", local.focus_columns)} FROM FOCUS_1_2_AWS"
      overwrite = var.focus.overwrite
      tables    = { FOCUS_1_2_AWS = { TIME_GRANULARITY = "DAILY" } }
    } } : {},
  )
}

resource "aws_bcmdataexports_export" "this" {
  for_each = local.exports
  provider = aws.billing

  export {
    name        = "${var.prefix}-${each.key}"
    description = "The bill for finlake (${each.key})"

    data_query {
      query_statement      = each.value.query
      table_configurations = each.value.tables
    }

    destination_configurations {
      s3_destination {
        s3_bucket = var.bucket
        s3_prefix = var.folder
        s3_region = var.bucket_region

        s3_output_configurations {
          overwrite   = each.value.overwrite
          format      = "PARQUET"
          compression = "PARQUET"
          output_type = "CUSTOM"
        }
      }
    }

    refresh_cadence {
      frequency = "SYNCHRONOUS"
    }
  }

  tags = var.tags
}
