variables {
  environment = "prod"
  account_id  = "000123456789"
  region      = "sa-east-1"
}

run "names_are_known_before_anything_is_made" {
  command = apply

  assert {
    condition     = output.buckets.lake == "finlake-prod-lake-000123456789-sa-east-1"
    error_message = "the lake's bucket is named otherwise: ${output.buckets.lake}"
  }
  assert {
    condition     = output.bucket_arns.audit == "arn:aws:s3:::${output.buckets.audit}"
    error_message = "ARN and name differ"
  }
  assert {
    condition     = output.databases.silver == "finlake_prod_silver"
    error_message = "Glue databases take no hyphen"
  }
  assert {
    condition     = output.lake_uri == "s3://finlake-prod-lake-000123456789-sa-east-1/lake"
    error_message = "the lake lies elsewhere: ${output.lake_uri}"
  }
  assert {
    condition     = keys(output.buckets) == keys(output.bucket_uses)
    error_message = "a bucket without a stated use"
  }
}

run "longest_names_fit" {
  command = apply
  variables {
    project     = "abcdefghijkl"
    environment = "abcdefgh"
    region      = "ap-northeast-1"
  }

  assert {
    condition     = length(output.buckets.exports) == 57
    error_message = "the longest bucket name has ${length(output.buckets.exports)} characters"
  }
}

run "own_tags_win" {
  command = apply
  variables {
    tags = { Environment = "other", Squad = "blue" }
  }

  assert {
    condition     = output.tags.Environment == "prod" && output.tags.Squad == "blue"
    error_message = "tags of the user replaced finlake's own"
  }
}

run "an_account_is_text" {
  command = plan
  variables {
    account_id = "123456789"
  }
  expect_failures = [var.account_id]
}

run "names_that_s3_refuses_are_refused_here" {
  command = plan
  variables {
    environment = "Prod_1"
    project     = "Finlake"
    lake_prefix = "/lake/"
  }
  expect_failures = [var.environment, var.project, var.lake_prefix]
}
