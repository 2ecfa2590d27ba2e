variable "aws" {
  description = "Where this is: partition, account and region."
  type = object({
    partition  = optional(string, "aws")
    account_id = string
    region     = string
  })
}

variable "calls_file" {
  description = "The allow-list of AWS operations: `tests/house/aws_calls.yml` of this repository, the one that the read-only test uses."
  type        = string
}

variable "names" {
  description = "Names of finlake's own things, as modules/names gives them."
  type = object({
    prefix       = string
    buckets      = map(string)
    databases    = map(string)
    ledger_table = string
    workgroup    = string
    lake_prefix  = optional(string, "lake")
  })
}

variable "source_buckets" {
  description = "Further buckets with deliveries (of another account or made before): read only."
  type        = list(string)
  default     = []
}

variable "key_arn" {
  description = "ARN of finlake's own KMS key; null while only the key's own policy is wanted."
  type        = string
  default     = null
}

variable "source_key_arns" {
  description = "KMS keys under which further source buckets are encrypted: decrypt only."
  type        = list(string)
  default     = []
}

variable "members" {
  description = "Member accounts that are looked at, the role's name there, and the external id that its trust asks for."
  type = object({
    account_ids = optional(list(string), [])
    role_name   = optional(string, "finlake-reader")
    external_id = optional(string, "finlake")
  })
  default = {}

  validation {
    condition     = alltrue([for id in var.members.account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "members.account_ids: 12 digits each, in quotes."
  }
  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@:/-]{6,}$", var.members.external_id))
    error_message = "members.external_id: at least 6 letters, digits or + = , . @ : / -"
  }
}

variable "runner" {
  description = "What starts the runner's container: image repository, secrets that it is given, log group."
  type = object({
    repository_arn = string
    secret_arns    = optional(list(string), [])
    log_group      = string
  })
}

variable "emr_application_arns" {
  description = "EMR Serverless applications in which finlake starts its own jobs; empty: none, and no right to start any."
  type        = list(string)
  default     = []
}

variable "trail_name" {
  description = "Name of the CloudTrail trail that writes to the audit bucket."
  type        = string
}
