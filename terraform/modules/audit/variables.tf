variable "name" {
  description = "Name of the trail; the audit bucket's policy lets this one write (modules/policies, `trail_name`)."
  type        = string
}

variable "bucket" {
  description = "Audit bucket, under Object Lock."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the trail's files."
  type        = string
}

variable "watched_bucket_arns" {
  description = "Buckets whose every object access is written down. CloudTrail bills these events."
  type        = list(string)
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
