variable "prefix" {
  description = "Start of vault and plan."
  type        = string
}

variable "rules" {
  description = "Schedule and days kept by rule (modules/retention)."
  type        = map(object({ schedule = string, keep_days = number }))
}

variable "resource_arns" {
  description = "What is backed up: the ledger's table."
  type        = list(string)
}

variable "trust" {
  description = "Trust policy of AWS Backup's role as JSON (modules/policies, output `trust`, key `backup`)."
  type        = string
}

variable "lock_days" {
  description = "Least days that a backup stays whoever asks; null: no lock. A person with the right to do so can lift it."
  type        = number
  default     = 7
}

variable "key_arn" {
  description = "KMS key of the vault."
  type        = string
}

variable "partition" {
  description = "AWS partition."
  type        = string
  default     = "aws"
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
