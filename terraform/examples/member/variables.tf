variable "account_id" {
  description = "The member account; any other is refused."
  type        = string
}

variable "region" {
  description = "Any region of the member account: the role holds in all of them."
  type        = string
  default     = "us-east-1"
}

variable "finlake" {
  description = "Where finlake runs: its account, region, prefix (as `finlake-prod`) and the external id agreed on."
  type = object({
    account_id  = string
    region      = string
    prefix      = string
    external_id = string
  })
}
