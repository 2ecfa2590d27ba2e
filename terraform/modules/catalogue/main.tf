resource "aws_glue_catalog_database" "this" {
  for_each = var.databases

  name         = each.value
  description  = "finlake: ${each.key}"
  location_uri = "${var.lake_uri}/${each.key}/"
  tags         = var.tags

  lifecycle {
    prevent_destroy = true # `builds` alone knows where the marts' Iceberg tables lie, and what was published when
  }
}

resource "aws_glue_catalog_table" "this" {
  for_each = var.tables

  database_name = aws_glue_catalog_database.this[each.value.layer].name
  name          = each.value.name
  description   = substr(each.value.description, 0, 2048)
  table_type    = "EXTERNAL_TABLE"
  parameters    = each.value.parameters

  storage_descriptor {
    location      = each.value.location
    input_format  = "org.apache.hadoop.mapred.SequenceFileInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
      parameters            = each.value.serde_parameters
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }

  dynamic "partition_keys" {
    for_each = each.value.partition_keys

    content {
      name    = partition_keys.value.name
      type    = partition_keys.value.type
      comment = partition_keys.value.comment
    }
  }

  lifecycle {
    # Athena writes what it reads in the Delta log into the table's parameters.
    ignore_changes = [parameters]
  }
}

resource "aws_glue_data_catalog_encryption_settings" "this" {
  count = var.key_arn == null ? 0 : 1

  data_catalog_encryption_settings {
    connection_password_encryption {
      aws_kms_key_id                       = var.key_arn
      return_connection_password_encrypted = true
    }

    encryption_at_rest {
      catalog_encryption_mode = "SSE-KMS"
      sse_aws_kms_key_id      = var.key_arn
    }
  }
}
