variable "databases" {
  description = "Glue database names by layer (modules/names)."
  type        = map(string)
}

variable "tables" {
  description = "Tables by `<layer>.<table>` (modules/tables)."
  type = map(object({
    layer            = string
    name             = string
    database         = string
    description      = string
    location         = string
    columns          = list(object({ name = string, type = string, comment = string }))
    partition_keys   = list(object({ name = string, type = string, comment = string }))
    parameters       = map(string)
    serde_parameters = map(string)
  }))
}

variable "lake_uri" {
  description = "The lake: s3://bucket/prefix."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the catalogue's encryption at rest; null leaves the account's setting alone, which is one for all databases."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the databases."
  type        = map(string)
  default     = {}
}
