variable "prefix" {
  description = "Start of every alarm's name."
  type        = string
}

variable "monthly_limit_usd" {
  description = "What finlake itself may cost a month, in US dollars; `make plan-cost` says what to expect."
  type        = number

  validation {
    condition     = var.monthly_limit_usd > 0
    error_message = "monthly_limit_usd: more than 0."
  }
}

variable "budget_percents" {
  description = "Percent of the limit that are told when they were spent; the forecast is told at 100."
  type        = list(number)
  default     = [50, 80, 100]

  validation {
    condition     = length(var.budget_percents) >= 1 && length(var.budget_percents) <= 4
    error_message = "budget_percents: one to four; AWS takes five notifications a budget, one of them is the forecast's."
  }
}

variable "delivery_hours" {
  description = "Hours without a new manifest after which somebody should look; AWS delivers several times a day."
  type        = number
  default     = 24

  validation {
    condition     = contains([6, 12, 24], var.delivery_hours)
    error_message = "delivery_hours: 6, 12 or 24; CloudWatch looks back a day at most here."
  }
}

variable "names" {
  description = "Names of what is watched: rule (new manifests), queue (lost events), ledger (DynamoDB table). Failed runs are told by modules/trigger."
  type = object({
    rule   = string
    queue  = string
    ledger = string
  })
}

variable "database" {
  description = "RDS instance of Airflow's own state; null: no Airflow."
  type        = string
  default     = null
}
