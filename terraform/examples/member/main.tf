# A member account lets finlake read it. Applied with that account's own credentials; finlake never gets more than this role.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}

# Made from the same allow-list as the runner's own rights, for finlake's account.
module "policies" {
  source = "../../modules/policies"

  aws        = { account_id = var.finlake.account_id, region = var.finlake.region }
  calls_file = "../../../tests/house/aws_calls.yml"
  members    = { external_id = var.finlake.external_id }
  trail_name = var.finlake.prefix
  runner     = { repository_arn = "arn:aws:ecr:${var.finlake.region}:${var.finlake.account_id}:repository/none", log_group = "/none" }
  names = {
    prefix       = var.finlake.prefix
    buckets      = { for use in ["lake", "exports", "results", "audit", "logs"] : use => "none" }
    databases    = { for layer in ["bronze", "silver", "gold", "builds", "work"] : layer => "none" }
    ledger_table = "none"
    workgroup    = "none"
  }
}

module "reader" {
  source = "../../modules/member"

  permissions = module.policies.roles.member_reader
  trust       = module.policies.trust.member_reader
}
