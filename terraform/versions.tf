terraform {
  required_version = ">= 1.10" # use_lockfile of backend.tf; the modules do with 1.9

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.aws_region

  dynamic "assume_role" {
    for_each = var.assume_role == null ? [] : [var.assume_role]

    content {
      role_arn     = assume_role.value.role_arn
      session_name = assume_role.value.session_name
      external_id  = assume_role.value.external_id
    }
  }

  default_tags {
    tags = merge(var.tags, {
      Project     = var.namespace
      Environment = var.environment
      ManagedBy   = "terraform"
    })
  }
}
