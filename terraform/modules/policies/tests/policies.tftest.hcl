variables {
  aws        = { account_id = "000123456789", region = "sa-east-1" }
  calls_file = "../../../tests/house/aws_calls.yml"
  trail_name = "finlake-prod"
  key_arn    = "arn:aws:kms:sa-east-1:000123456789:key/11111111-2222-3333-4444-555555555555"
  runner     = { repository_arn = "arn:aws:ecr:sa-east-1:000123456789:repository/finlake", log_group = "/finlake/prod" }
  names = {
    prefix       = "finlake-prod"
    buckets      = { lake = "the-lake", exports = "the-exports", results = "the-results", audit = "the-audit", logs = "the-logs" }
    databases    = { bronze = "b", silver = "s", gold = "g", builds = "m", work = "w" }
    ledger_table = "finlake-prod-ledger"
    workgroup    = "finlake-prod"
  }
}

run "the_runner_reads_sources_and_writes_the_lake" {
  command = apply

  assert {
    condition = [
      for s in jsondecode(output.roles.runner).Statement : s.Resource if s.Sid == "SourceObjects"
    ] == [["arn:aws:s3:::the-exports/*"]]
    error_message = "the source is read elsewhere"
  }
  assert {
    condition = [
      for s in jsondecode(output.roles.runner).Statement : s.Action if s.Sid == "SourceObjects"
    ] == [["s3:GetObject"]]
    error_message = "more than a read of the source's objects"
  }
  assert {
    condition = [
      for s in jsondecode(output.roles.runner).Statement : s.Resource if s.Sid == "LakeObjects"
    ] == [["arn:aws:s3:::the-lake/lake/*", "arn:aws:s3:::the-results/*"]]
    error_message = "writes reach more than the lake"
  }
  assert {
    condition = [
      for s in jsondecode(output.roles.runner).Statement : s.Action if s.Sid == "WritesInTheLakeOnly"
    ] == [["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]]
    error_message = "a write isn't fenced"
  }
  assert {
    condition     = !strcontains(output.roles.runner, "sts:AssumeRole")
    error_message = "without members nobody's role is taken"
  }
}

run "the_fence_denies_what_is_not_listed" {
  command = apply

  assert {
    condition = alltrue([
      for role in ["runner", "operator", "emr", "member_reader"] : length([
        for s in jsondecode(output.roles[role]).Statement : s if s.Effect == "Deny" && try(s.NotAction, null) != null && try(s.Resource, []) == ["*"]
      ]) == 1
    ])
    error_message = "a role that a policy attached later could widen"
  }
  assert {
    condition = alltrue([
      for role, json in output.roles : alltrue([
        for s in jsondecode(json).Statement : s.Effect == "Deny" || alltrue([for a in try(s.Action, ["*"]) : !strcontains(a, "*")])
      ])
    ])
    error_message = "an action with a star is allowed"
  }
}

run "members_are_only_read_and_only_by_the_runner" {
  command = apply
  variables {
    members = { account_ids = ["000000000042"], external_id = "a-secret-word" }
  }

  assert {
    condition = [
      for s in jsondecode(output.roles.runner).Statement : s.Resource if s.Sid == "TakeTheReadersRole"
    ] == [["arn:aws:iam::000000000042:role/finlake-reader"]]
    error_message = "another role could be taken"
  }
  assert {
    condition = (
      jsondecode(output.trust.member_reader).Statement[0].Condition.StringEquals["sts:ExternalId"] == "a-secret-word"
      && jsondecode(output.trust.member_reader).Statement[0].Condition.ArnEquals["aws:PrincipalArn"] == "arn:aws:iam::000123456789:role/finlake-prod-runner"
    )
    error_message = "somebody else could take the reader's role"
  }
  assert {
    condition     = !strcontains(output.roles.member_reader, "s3:")
    error_message = "the reader of a member account reads objects"
  }
}

run "a_key_of_the_source_decrypts_only" {
  command = apply
  variables {
    source_buckets  = ["another"]
    source_key_arns = ["arn:aws:kms:us-east-1:000000000042:key/x"]
  }

  assert {
    condition     = [for s in jsondecode(output.roles.runner).Statement : s.Action if s.Sid == "SourceKeys"] == [["kms:Decrypt"]]
    error_message = "more than decrypting"
  }
  assert {
    condition     = [for s in jsondecode(output.roles.runner).Statement : s.Resource if s.Sid == "SourceBuckets"] == [["arn:aws:s3:::the-exports", "arn:aws:s3:::another"]]
    error_message = "the further bucket can't be listed"
  }
}

run "the_ledger_is_granted_when_the_code_calls_it" {
  command = apply
  variables {
    calls_file = "tests/calls_with_ledger.yml"
  }

  assert {
    condition     = [for s in jsondecode(output.roles.runner).Statement : s.Action if s.Sid == "Ledger"] == [["dynamodb:GetItem", "dynamodb:PutItem"]]
    error_message = "the ledger's actions aren't those of the list"
  }
  assert {
    condition = [
      for s in jsondecode(output.roles.runner).Statement : s.Resource[0] if s.Sid == "Ledger"
    ] == ["arn:aws:dynamodb:sa-east-1:000123456789:table/finlake-prod-ledger"]
    error_message = "another table is allowed"
  }
  assert {
    condition     = [for s in jsondecode(output.roles.member_reader).Statement : s.Action if s.Effect == "Allow"] == [["cloudwatch:GetMetricData"]]
    error_message = "the reader's actions aren't those of the list"
  }
}

run "a_write_in_the_account_is_refused" {
  command = plan
  variables {
    calls_file = "tests/calls_that_write.yml"
  }
  expect_failures = [output.roles]
}

run "a_service_without_a_scope_is_refused" {
  command = plan
  variables {
    calls_file = "tests/calls_of_unknown_service.yml"
  }
  expect_failures = [output.roles]
}

run "every_bucket_wants_tls_and_versions_stay" {
  command = apply

  assert {
    condition     = alltrue([for json in values(output.buckets) : strcontains(json, "TlsOnly")])
    error_message = "a bucket that takes plain HTTP"
  }
  assert {
    condition     = alltrue([for use in ["lake", "exports", "audit"] : strcontains(output.buckets[use], "VersionsStay")])
    error_message = "older versions can be deleted by hand"
  }
  assert {
    condition = alltrue(flatten([for json in values(output.buckets) : [
      for s in jsondecode(json).Statement : s.Effect == "Deny" || try(s.Principal.Service, null) != null
    ]]))
    error_message = "a bucket policy lets somebody in who is no AWS service"
  }
}
