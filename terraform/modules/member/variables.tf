variable "role_name" {
  description = "Name of the role; the same in every member account."
  type        = string
  default     = "finlake-reader"
}

variable "permissions" {
  description = "Permissions as JSON (modules/policies, output `roles`, key `member_reader`)."
  type        = string
}

variable "trust" {
  description = "Trust policy as JSON (modules/policies, output `trust`, key `member_reader`)."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
