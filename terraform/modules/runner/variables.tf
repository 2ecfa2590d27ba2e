variable "prefix" {
  description = "Name of the cluster, start of the task's."
  type        = string
}

variable "vpc_id" {
  description = "VPC that the task runs in."
  type        = string
}

variable "image" {
  description = "Image with finlake's locked environment on the PATH and without an entrypoint, best by its digest."
  type        = string
}

variable "roles" {
  description = "ARNs of the roles: execution (ECS itself) and runner (finlake)."
  type        = object({ execution = string, runner = string })
}

variable "size" {
  description = "CPU units (1024 are one vCPU), memory in MiB, disk in GiB of the task. A month must fit on the disk."
  type = object({
    cpu        = optional(number, 2048)
    memory_mib = optional(number, 16384)
    disk_gib   = optional(number, 100)
  })
  default = {}

  validation {
    condition     = var.size.disk_gib >= 21 && var.size.disk_gib <= 200
    error_message = "size.disk_gib: 21 to 200, Fargate's own limits."
  }
}

variable "command" {
  description = "What the task runs. Without Airflow: the whole run; with it: a trigger of the DAG."
  type        = list(string)
  default     = ["finlake", "run", "--wait", "1800"]
}

variable "environment" {
  description = "Environment of the process: FINLAKE_LAKE, FINLAKE_SOURCE and further settings."
  type        = map(string)
}

variable "secrets" {
  description = "Environment variables whose value comes from Secrets Manager: name to ARN (with `:key::` for one key)."
  type        = map(string)
  default     = {}
}

variable "log" {
  description = "Log group, days that it keeps, KMS key."
  type        = object({ group = string, days = optional(number, 365), key_arn = string })
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
