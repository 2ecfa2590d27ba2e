resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252:the files are read when something is looked into; a message for each file of five minutes tells nobody anything
  #checkov:skip=CKV2_AWS_10:a second copy in CloudWatch Logs costs more than all the rest; the files in the locked bucket are the record
  name                          = var.name
  s3_bucket_name                = var.bucket
  kms_key_id                    = var.key_arn
  include_global_service_events = true
  is_multi_region_trail         = true
  enable_log_file_validation    = true
  tags                          = var.tags

  # Who touched the lake's and the exports' objects.
  advanced_event_selector {
    name = "objects"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }

    field_selector {
      field       = "resources.ARN"
      starts_with = [for arn in var.watched_bucket_arns : "${arn}/"]
    }
  }

  # Who changed finlake's roles, policies, keys and buckets.
  advanced_event_selector {
    name = "management-writes"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }

    field_selector {
      field  = "readOnly"
      equals = ["false"]
    }
  }
}
