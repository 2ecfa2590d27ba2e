variable "models_dir" {
  description = "Folder of the table contracts (ODCS 3.1), bronze, silver and gold below it: `models` of this repository."
  type        = string
}

variable "lake_uri" {
  description = "The lake: s3://bucket/prefix."
  type        = string

  validation {
    condition     = can(regex("^s3://[^/]+/.*[^/]$", var.lake_uri))
    error_message = "lake_uri: s3://bucket/prefix without a slash at its end."
  }
}

variable "databases" {
  description = "Glue database of each layer."
  type        = map(string)
}

variable "layers" {
  description = "Layers whose tables are registered. Gold is left to dbt, which makes and replaces its own tables in Athena."
  type        = list(string)
  default     = ["bronze", "silver"]

  validation {
    condition     = length(setsubtract(var.layers, ["bronze", "silver", "gold"])) == 0
    error_message = "layers: bronze, silver, gold."
  }
}
