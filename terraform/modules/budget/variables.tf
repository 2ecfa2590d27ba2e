variable "name" {
  description = "Name of the budget."
  type        = string
}

variable "budget" {
  description = "Limit as text and notifications (modules/alerts)."
  type = object({
    limit         = string
    notifications = list(object({ type = string, percent = number }))
  })
}

variable "tag" {
  description = "Cost allocation tag by which AWS finds finlake's own cost; it must be activated in the billing console once."
  type        = object({ key = string, value = string })
}

variable "topic_arn" {
  description = "Topic that is told."
  type        = string
}
