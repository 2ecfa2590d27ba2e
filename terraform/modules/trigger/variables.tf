variable "prefix" {
  description = "Start of rules and queue."
  type        = string
}

variable "bucket" {
  description = "Exports bucket; it tells EventBridge of new objects (modules/buckets)."
  type        = string
}

variable "task" {
  description = "The task that a new manifest starts: cluster, task definition, role that starts it, subnets, security groups."
  type = object({
    cluster_arn         = string
    task_definition_arn = string
    role_arn            = string
    subnet_ids          = list(string)
    security_group_ids  = list(string)
  })
}

variable "schedule" {
  description = "When a run starts in any case, so that an event that got lost costs hours, not the month. UTC."
  type        = string
  default     = "cron(15 */6 * * ? *)"
}

variable "starts_runs" {
  description = "Whether manifests and schedule start the task. With false they start nothing; manifests are still counted, for the alarm about silence."
  type        = bool
  default     = true
}

variable "queue_policy" {
  description = "Policy of the queue as JSON (modules/policies, output `queue`)."
  type        = string
}

variable "topic_arn" {
  description = "Topic that is told of runs that failed."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the queue."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
