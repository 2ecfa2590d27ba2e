# Alarms and notifications as data: what is watched, when somebody is told, and what to do then.
locals {
  watched = {
    no-delivery = {
      namespace = "AWS/Events", metric = "MatchedEvents", dimensions = { RuleName = var.names.rule }
      statistic = "Sum", period = var.delivery_hours * 3600, comparison = "LessThanThreshold", threshold = 1, missing = "breaching"
      says      = "No new manifest for ${var.delivery_hours} hours: look at Data Exports in the billing console."
    }
    lost-event = {
      namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = var.names.queue }
      statistic = "Maximum", period = 300, comparison = "GreaterThanThreshold", threshold = 0, missing = "notBreaching"
      says      = "A new manifest started no run: the message in the queue says why. The schedule takes the delivery all the same."
    }
  }
  # What finlake's code writes the ledger with (`lake_writes` in tests/house/aws_calls.yml): CloudWatch counts errors by operation.
  ledger_writes = ["TransactWriteItems", "UpdateItem"]
  ledger = { for operation in local.ledger_writes : "ledger-errors-${operation}" => {
    namespace = "AWS/DynamoDB", metric = "SystemErrors", dimensions = { TableName = var.names.ledger, Operation = operation }
    statistic = "Sum", period = 300, comparison = "GreaterThanThreshold", threshold = 0, missing = "notBreaching"
    says      = "DynamoDB failed to write the ledger (${operation}); runs repeat it, the Delta logs stay the truth."
  } }
  airflow = var.database == null ? {} : {
    database-space = {
      namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = { DBInstanceIdentifier = coalesce(var.database, "none") }
      statistic = "Minimum", period = 300, comparison = "LessThanThreshold", threshold = 2147483648, missing = "breaching"
      says      = "Airflow's database has less than 2 GiB left: `airflow db clean` removes old runs."
    }
  }
  alarms = { for key, alarm in merge(local.watched, local.ledger, local.airflow) : "${var.prefix}-${key}" => alarm }

  notifications = concat(
    [for percent in sort([for p in var.budget_percents : format("%05d", p)]) : { type = "ACTUAL", percent = tonumber(percent) }],
    [{ type = "FORECASTED", percent = 100 }]
  )
}
