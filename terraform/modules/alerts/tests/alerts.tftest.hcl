variables {
  prefix            = "finlake-prod"
  monthly_limit_usd = 250
  names             = { rule = "r", queue = "q", ledger = "l" }
}

run "silence_of_aws_is_an_alarm" {
  command = apply

  assert {
    condition     = output.alarms["finlake-prod-no-delivery"].missing == "breaching" && output.alarms["finlake-prod-no-delivery"].period == 86400
    error_message = "no data about deliveries would pass as good news"
  }
  assert {
    condition     = !contains(keys(output.alarms), "finlake-prod-database-space")
    error_message = "an alarm about a database that isn't there"
  }
  assert {
    condition = [for alarm in values(output.alarms) : alarm.dimensions.Operation if alarm.namespace == "AWS/DynamoDB"] == [
      "TransactWriteItems", "UpdateItem"
    ]
    error_message = "the ledger's alarms watch operations that finlake doesn't call, or not all that it does"
  }
  assert {
    condition     = alltrue([for alarm in values(output.alarms) : length(alarm.says) > 20])
    error_message = "an alarm that doesn't say what to do"
  }
}

run "airflow_brings_its_database" {
  command = apply
  variables {
    database = "finlake-prod-airflow"
  }

  assert {
    condition     = output.alarms["finlake-prod-database-space"].dimensions.DBInstanceIdentifier == "finlake-prod-airflow"
    error_message = "the alarm watches another database"
  }
}

run "budget_is_told_early_and_as_a_forecast" {
  command = apply
  variables {
    budget_percents = [100, 50]
  }

  assert {
    condition     = [for n in output.budget.notifications : "${n.type} ${n.percent}"] == ["ACTUAL 50", "ACTUAL 100", "FORECASTED 100"]
    error_message = "notifications: ${jsonencode(output.budget.notifications)}"
  }
  assert {
    condition     = output.budget.limit == "250.00"
    error_message = "limit: ${output.budget.limit}"
  }
}

run "limits_that_aws_refuses_are_refused_here" {
  command = plan
  variables {
    monthly_limit_usd = 0
    budget_percents   = [10, 20, 30, 40, 50]
    delivery_hours    = 48
  }
  expect_failures = [var.monthly_limit_usd, var.budget_percents, var.delivery_hours]
}
