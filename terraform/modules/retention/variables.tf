variable "undo_days" {
  description = "Days that a replaced or deleted object of lake and exports can be brought back (older versions)."
  type        = number
  default     = 30

  validation {
    condition     = var.undo_days >= 7
    error_message = "undo_days: at least 7, as long as Delta itself keeps what a commit removed."
  }
}

variable "bronze_to_infrequent_days" {
  description = "Days after which bronze goes to a cheaper class that still reads at once (GLACIER_IR); null: never."
  type        = number
  default     = null

  validation {
    condition     = var.bronze_to_infrequent_days == null ? true : var.bronze_to_infrequent_days >= 30
    error_message = "bronze_to_infrequent_days: at least 30, or null."
  }
}

variable "exports_days" {
  description = "Days that delivered files stay in the exports bucket; null: for good. Bronze keeps every delivery in any case."
  type        = number
  default     = null

  validation {
    condition     = var.exports_days == null ? true : var.exports_days >= 400
    error_message = "exports_days: at least 400 (a year, and the month that AWS still changes), or null."
  }
}

variable "lake_prefix" {
  description = "Folder of the lake inside its bucket."
  type        = string
  default     = "lake"
}

variable "results_days" {
  description = "Days that results of Athena queries stay."
  type        = number
  default     = 7
}

variable "log_days" {
  description = "Days that S3 access logs stay."
  type        = number
  default     = 90
}

variable "audit" {
  description = "Object Lock of the audit bucket: mode GOVERNANCE (an administrator may lift it) or COMPLIANCE (nobody may), days locked, days kept."
  type = object({
    mode        = optional(string, "GOVERNANCE")
    locked_days = optional(number, 365)
    kept_days   = optional(number, 400)
  })
  default = {}

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.audit.mode)
    error_message = "audit.mode: GOVERNANCE or COMPLIANCE."
  }
  validation {
    condition     = var.audit.locked_days >= 1 && var.audit.kept_days > var.audit.locked_days
    error_message = "audit: kept_days must be more than locked_days, and that at least 1: an object can't expire while it is locked."
  }
}

variable "backup_days" {
  description = "Days that daily backups of the ledger stay; a monthly one stays twelve times as long, at least a year."
  type        = number
  default     = 35
}
