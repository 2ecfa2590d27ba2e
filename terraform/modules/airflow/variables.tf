variable "prefix" {
  description = "Start of names."
  type        = string
}

variable "cluster_arn" {
  description = "ECS cluster (modules/runner)."
  type        = string
}

variable "image" {
  description = "Image with finlake's locked environment, `dags/` and a PostgreSQL driver (psycopg2, asyncpg), without an entrypoint."
  type        = string
}

variable "dags_dir" {
  description = "Where `dags/` lies in the image."
  type        = string
  default     = "/opt/finlake/dags"
}

variable "network" {
  description = "VPC, private subnets (two zones at least, for the database) and the security group of finlake's tasks."
  type = object({
    vpc_id            = string
    subnet_ids        = list(string)
    security_group_id = string
  })

  validation {
    condition     = length(var.network.subnet_ids) >= 2
    error_message = "network.subnet_ids: two at least, in different zones; RDS asks for that."
  }
}

variable "roles" {
  description = "ARNs of the roles: execution (ECS itself) and runner (finlake)."
  type        = object({ execution = string, runner = string })
}

variable "size" {
  description = "CPU units, memory in MiB, disk in GiB of the task (scheduler, its tasks, DAG processor, API server), and the database's class and GiB."
  type = object({
    cpu          = optional(number, 2048)
    memory_mib   = optional(number, 16384)
    disk_gib     = optional(number, 100)
    database     = optional(string, "db.t4g.micro")
    database_gib = optional(number, 20)
  })
  default = {}
}

variable "environment" {
  description = "Environment of all containers: FINLAKE_LAKE, FINLAKE_SOURCE and further settings."
  type        = map(string)
}

variable "secret_arn" {
  description = "Secret that you made, with the keys `fernet_key` and `jwt_secret` (README: by which command). It never passes through Terraform's state."
  type        = string
}

variable "log" {
  description = "Log group and region of the containers."
  type        = object({ group = string, region = string })
}

variable "key_arn" {
  description = "KMS key of the database and of its password."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
