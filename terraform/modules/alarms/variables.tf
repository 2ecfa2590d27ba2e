variable "prefix" {
  description = "Start of the topic's name."
  type        = string
}

variable "alarms" {
  description = "Alarms by name (modules/alerts)."
  type = map(object({
    namespace  = string
    metric     = string
    dimensions = map(string)
    statistic  = string
    period     = number
    comparison = string
    threshold  = number
    missing    = string
    says       = string
  }))
}

variable "topic_policy" {
  description = "Policy of the topic as JSON (modules/policies, output `topic`)."
  type        = string
}

variable "emails" {
  description = "Who is told; each address confirms once."
  type        = set(string)
  default     = []
}

variable "key_arn" {
  description = "KMS key of the topic."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
