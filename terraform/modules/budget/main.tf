resource "aws_budgets_budget" "this" {
  name         = var.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = var.budget.limit
  limit_unit   = "USD"

  cost_filter {
    name   = "TagKeyValue"
    values = ["user:${var.tag.key}$${var.tag.value}"]
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
