variable "environment" {
  description = "Which installation this is: dev, prod or another short word."
  type        = string
}

variable "image" {
  description = "Image of finlake, best by its digest, and the ARN of its ECR repository."
  type        = object({ uri = string, repository_arn = string })
}

variable "network" {
  description = "VPC and private subnets with a way to S3, ECR, CloudWatch Logs and Secrets Manager (endpoints or NAT)."
  type        = object({ vpc_id = string, subnet_ids = list(string) })
}

variable "exports" {
  description = "Data Exports to make: cur2 and focus, as in modules/exports."
  type = object({
    cur2 = optional(object({
      enabled     = optional(bool, true)
      granularity = optional(string, "HOURLY")
      resources   = optional(bool, true)
      split_costs = optional(bool, true)
      overwrite   = optional(string, "OVERWRITE_REPORT")
    }), {})
    focus = optional(object({
      enabled   = optional(bool, false)
      overwrite = optional(string, "OVERWRITE_REPORT")
    }), {})
  })
  default = {}
}

variable "sources" {
  description = "Buckets with deliveries that were there before, and their KMS keys: read only. `uri` replaces the source that finlake reads."
  type = object({
    uri      = optional(string)
    buckets  = optional(list(string), [])
    key_arns = optional(list(string), [])
  })
  default = {}
}

variable "members" {
  description = "Member accounts that are read, as in modules/policies."
  type = object({
    account_ids = optional(list(string), [])
    role_name   = optional(string, "finlake-reader")
    external_id = optional(string, "finlake")
  })
  default = {}
}

variable "run" {
  description = "The task's size and when it starts in any case; Airflow (its secret and size; null: none); EMR Serverless (its release; null: none), which lets no rule start the task."
  type = object({
    size = optional(object({
      cpu        = optional(number, 2048)
      memory_mib = optional(number, 16384)
      disk_gib   = optional(number, 100)
    }), {})
    schedule = optional(string, "cron(15 */6 * * ? *)")
    airflow = optional(object({
      secret_arn = string
      size = optional(object({
        cpu          = optional(number, 2048)
        memory_mib   = optional(number, 16384)
        disk_gib     = optional(number, 100)
        database     = optional(string, "db.t4g.micro")
        database_gib = optional(number, 20)
      }), {})
    }))
    emr = optional(object({
      release   = string
      image_uri = optional(string)
    }))
  })
  default = {}

  validation {
    condition     = var.run.emr == null || var.run.airflow == null
    error_message = "run.emr and run.airflow: one of them; Airflow's tasks run finlake where no Java is, and can't write a lake whose engine is spark."
  }
}

variable "retention" {
  description = "What goes away when, as in modules/retention."
  type = object({
    undo_days                 = optional(number, 30)
    bronze_to_infrequent_days = optional(number)
    exports_days              = optional(number)
    audit = optional(object({
      mode        = optional(string, "GOVERNANCE")
      locked_days = optional(number, 365)
      kept_days   = optional(number, 400)
    }), {})
    backup_days = optional(number, 35)
  })
  default = {}
}

variable "alerts" {
  description = "What finlake itself may cost a month in US dollars, who is told, hours of AWS's silence that are told."
  type = object({
    monthly_limit_usd = number
    emails            = optional(set(string), [])
    delivery_hours    = optional(number, 24)
  })
}

variable "settings" {
  description = "Further settings of finlake as environment variables (docs/configuration.md): FINLAKE_LANGUAGE, FINLAKE_METRICS_SOURCE (its bucket in sources.buckets) and so on."
  type        = map(string)
  default     = {}
}

variable "labels" {
  description = "First part of every name, owner and cost centre, further tags."
  type = object({
    project     = optional(string, "finlake")
    owner       = optional(string, "finops-platform")
    cost_center = optional(string, "finops")
    tags        = optional(map(string), {})
  })
  default = {}
}

variable "repository_dir" {
  description = "This repository: table contracts, allow-list and column names are read from it. Default: where this module lies."
  type        = string
  default     = null
}
