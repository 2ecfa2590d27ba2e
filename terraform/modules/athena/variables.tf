variable "workgroup" {
  description = "Name of the workgroup."
  type        = string
}

variable "results_bucket" {
  description = "Bucket of the results."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the results."
  type        = string
}

variable "databases" {
  description = "Glue database names by layer."
  type        = map(string)
}

variable "scan_limit_gb" {
  description = "A query that would read more than so many gigabytes is ended; Athena bills by what it reads."
  type        = number
  default     = 100

  validation {
    condition     = var.scan_limit_gb >= 1
    error_message = "scan_limit_gb: at least 1."
  }
}

variable "queries_dir" {
  description = "Folder of named queries, one .sql file each (`models/queries` of this repository); their placeholders silver and gold become the databases."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
