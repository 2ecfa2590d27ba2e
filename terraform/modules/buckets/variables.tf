variable "buckets" {
  description = "Bucket names by use: lake, exports, results, audit, logs (modules/names)."
  type        = map(string)
}

variable "policies" {
  description = "Bucket policies as JSON by use (modules/policies)."
  type        = map(string)
}

variable "key_arn" {
  description = "KMS key of lake, results and audit."
  type        = string
}

variable "lifecycle_rules" {
  description = "Lifecycle rules by use (modules/retention)."
  type = map(list(object({
    id               = string
    prefix           = string
    expire_days      = number
    noncurrent_days  = number
    transition_days  = number
    transition_class = string
    abort_days       = number
  })))
}

variable "object_lock" {
  description = "Default retention of the audit bucket (modules/retention)."
  type        = object({ mode = string, days = number })
}

variable "encrypt_exports_with_key" {
  description = "Encrypt the exports bucket with the KMS key too. Off: with S3's own keys, which every kind of AWS delivery can write."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
