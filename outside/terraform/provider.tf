# What makes Terraform talk to `egret serve`.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region     = "us-east-1"
  access_key = "any"
  secret_key = "any"

  endpoints {
    ec2       = var.endpoint
    apprunner = var.endpoint
    sts       = var.endpoint
  }

  # There are no policies, no instances and no metadata service to ask.
  skip_metadata_api_check = true

  default_tags {
    tags = { project = "egret" }
  }
}

variable "endpoint" {
  type    = string
  default = "http://127.0.0.1:4566"
}

variable "changed" {
  description = "Whether everything that can be updated in place is."
  type        = bool
  default     = false
}
