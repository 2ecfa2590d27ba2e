terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }

  # State holds names and ARNs, no secret. Bucket, key and region come with `terraform init -backend-config=backend.hcl`
  # (backend.hcl.example): a versioned, encrypted bucket that is none of finlake's own.
  backend "s3" {
    use_lockfile = true
    encrypt      = true
  }
}
