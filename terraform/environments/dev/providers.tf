provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}

# Data Exports and the bill live in us-east-1, whatever the lake's region is.
provider "aws" {
  alias               = "billing"
  region              = "us-east-1"
  allowed_account_ids = [var.account_id]
}
