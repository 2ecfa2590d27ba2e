variable "prefix" {
  description = "Start of the roles' names."
  type        = string
}

variable "permissions" {
  description = "Permissions as JSON by role (modules/policies, output `roles`)."
  type        = map(string)
}

variable "trust" {
  description = "Trust policies as JSON by role (modules/policies, output `trust`)."
  type        = map(string)
}

variable "roles" {
  description = "Which of the roles are made."
  type        = set(string)
  default     = ["runner", "execution", "events", "analyst", "operator"]

  validation {
    condition     = length(setsubtract(var.roles, ["runner", "execution", "events", "analyst", "operator", "emr"])) == 0
    error_message = "roles: runner, execution, events, analyst, operator, emr."
  }
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
