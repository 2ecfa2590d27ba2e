resource "aws_budgets_budget" "this" {
  name         = var.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = var.budget.limit
  limit_unit   = "USD"

  cost_filter {
    name = "TagKeyValue"
    # A dollar sign before an opening brace would be an escape: nothing would be put in.
    values = [format("user:%s$%s", var.tag.key, var.tag.value)]
  }

  dynamic "notification" {
    for_each = var.budget.notifications

    content {
      comparison_operator       = "GREATER_THAN"
      notification_type         = notification.value.type
      threshold                 = notification.value.percent
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [var.topic_arn]
    }
  }
}
