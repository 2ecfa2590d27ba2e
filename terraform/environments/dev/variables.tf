variable "account_id" {
  description = "Account that finlake runs in; any other is refused. It owns the bill: the payer, or a member for its own."
  type        = string
}

variable "region" {
  description = "Region of lake and exports bucket."
  type        = string
  default     = "us-east-1"
}

variable "image" {
  description = "Image of finlake and the ARN of its ECR repository."
  type        = object({ uri = string, repository_arn = string })
}

variable "network" {
  description = "VPC and private subnets."
  type        = object({ vpc_id = string, subnet_ids = list(string) })
}

variable "sources" {
  description = "Buckets with deliveries that were there before: read only."
  type = object({
    uri      = optional(string)
    buckets  = optional(list(string), [])
    key_arns = optional(list(string), [])
  })
  default = {}
}

variable "monthly_limit_usd" {
  description = "What this installation may cost a month."
  type        = number
  default     = 60
}

variable "emails" {
  description = "Who is told."
  type        = set(string)
  default     = []
}

variable "settings" {
  description = "Further settings of finlake as environment variables."
  type        = map(string)
  default     = {}
}

variable "emr" {
  description = "EMR Serverless: its release, and an image of your own; null: none. With it no rule starts the task."
  type = object({
    release   = string
    image_uri = optional(string)
  })
  default = null
}
