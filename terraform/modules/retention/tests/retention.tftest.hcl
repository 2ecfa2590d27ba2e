run "the_bill_has_a_memory" {
  command = apply

  assert {
    condition     = alltrue([for rule in concat(output.lifecycle_rules.lake, output.lifecycle_rules.exports) : rule.expire_days == null])
    error_message = "a rule lets current objects of lake or exports expire"
  }
  assert {
    condition     = anytrue([for rule in output.lifecycle_rules.lake : rule.noncurrent_days == 30])
    error_message = "older versions of the lake stay for ever, or go at once"
  }
  assert {
    condition     = output.object_lock == { mode = "GOVERNANCE", days = 365 }
    error_message = "the audit bucket is locked otherwise"
  }
  assert {
    condition     = output.backup_rules.monthly.keep_days == 420
    error_message = "monthly backups stay ${output.backup_rules.monthly.keep_days} days"
  }
}

run "even_when_all_is_turned_on_the_lake_keeps_its_objects" {
  command = apply
  variables {
    bronze_to_infrequent_days = 90
    exports_days              = 400
    undo_days                 = 7
  }

  assert {
    condition     = alltrue([for rule in output.lifecycle_rules.lake : rule.expire_days == null])
    error_message = "a rule lets current objects of the lake expire"
  }
  assert {
    condition = [
      for rule in output.lifecycle_rules.lake : "${rule.prefix} ${rule.transition_class}" if rule.transition_days == 90
    ] == ["lake/bronze/ GLACIER_IR"]
    error_message = "something else than bronze changes its class"
  }
}

run "ids_are_different" {
  command = apply
  variables {
    bronze_to_infrequent_days = 90
    exports_days              = 400
  }

  assert {
    condition = alltrue([
      for rules in values(output.lifecycle_rules) : length(rules) == length(distinct([for rule in rules : rule.id]))
    ])
    error_message = "two rules of a bucket have one id: S3 refuses that"
  }
}

run "too_short_is_refused" {
  command = plan
  variables {
    undo_days                 = 6
    exports_days              = 30
    bronze_to_infrequent_days = 1
  }
  expect_failures = [var.undo_days, var.exports_days, var.bronze_to_infrequent_days]
}

run "an_object_cannot_expire_while_it_is_locked" {
  command = plan
  variables {
    audit = { mode = "COMPLIANCE", locked_days = 400, kept_days = 400 }
  }
  expect_failures = [var.audit]
}
