variable "name" {
  description = "Name of the application."
  type        = string
}

variable "release" {
  description = "EMR release. It must bring Spark 4 and Python 3.11 or 3.12, or its `image_uri` must: which does is for you to look up."
  type        = string
}

variable "image_uri" {
  description = "Image of the workers with finlake's environment; null: EMR's own."
  type        = string
  default     = null
}

variable "network" {
  description = "Subnets and security groups of the workers."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
}

variable "most" {
  description = "Most that all workers together may hold: vCPU, memory in GB, disk in GB. A ceiling for a bill that one machine can't hold."
  type = object({
    vcpu      = optional(number, 32)
    memory_gb = optional(number, 128)
    disk_gb   = optional(number, 400)
  })
  default = {}
}

variable "idle_minutes" {
  description = "Minutes without a job after which it stops, and costs nothing."
  type        = number
  default     = 15
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
