variable "project" {
  description = "First part of every name."
  type        = string
  default     = "finlake"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,11}$", var.project))
    error_message = "project: 3 to 12 lower case letters and digits, a letter first."
  }
}

variable "environment" {
  description = "Which installation this is: dev, prod or another short word."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,7}$", var.environment))
    error_message = "environment: 2 to 8 lower case letters and digits, a letter first."
  }
}

variable "account_id" {
  description = "Account that finlake runs in: 12 digits, as text."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: 12 digits in quotes; a number would lose leading zeros."
  }
}

variable "region" {
  description = "Region of lake and exports bucket."
  type        = string
}

variable "partition" {
  description = "AWS partition."
  type        = string
  default     = "aws"
}

variable "lake_prefix" {
  description = "Folder of the lake inside its bucket."
  type        = string
  default     = "lake"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9/_-]*[a-z0-9]$", var.lake_prefix))
    error_message = "lake_prefix: lower case letters, digits, - _ and /, none at its ends."
  }
}

variable "owner" {
  description = "Team that answers for the installation; a tag."
  type        = string
  default     = "finops-platform"
}

variable "cost_center" {
  description = "Cost centre that pays for finlake itself; a tag, by which the budget finds its cost."
  type        = string
  default     = "finops"
}

variable "tags" {
  description = "Further tags."
  type        = map(string)
  default     = {}
}
