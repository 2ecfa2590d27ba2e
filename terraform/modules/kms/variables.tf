variable "prefix" {
  description = "Start of the alias."
  type        = string
}

variable "policy" {
  description = "Key policy as JSON (modules/policies, output `key`)."
  type        = string
}

variable "deletion_window_days" {
  description = "Days between a deletion and its effect; until then it can be taken back."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "deletion_window_days: 7 to 30."
  }
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
