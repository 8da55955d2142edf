mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { name = "us-east-1" }
  }
}

variables {
  name          = "dibbs-ecr-refiner/lambda"
  function_name = "dibbs-ecr-refiner-lambda"
}

run "a_release_is_never_replaced_and_always_scanned" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = aws_ecr_repository.this.image_tag_mutability
  }

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Images are not scanned"
  }

  assert {
    condition     = aws_ecr_repository.this.force_delete == false
    error_message = "Destroy would delete images"
  }

  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "AES256"
    error_message = aws_ecr_repository.this.encryption_configuration[0].encryption_type
  }

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[0].selection == { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 30 }
    error_message = aws_ecr_lifecycle_policy.this.policy
  }
}

run "one_function_may_pull" {
  command = plan

  assert {
    condition = jsondecode(aws_ecr_repository_policy.this.policy).Statement == [{
      Sid       = "LambdaECRImageRetrievalPolicy"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Condition = { StringLike = { "aws:sourceArn" = "arn:aws:lambda:us-east-1:123456789012:function:dibbs-ecr-refiner-lambda" } }
    }]
    error_message = aws_ecr_repository_policy.this.policy
  }
}

run "a_key_encrypts_the_images" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1234"
  }

  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS" && aws_ecr_repository.this.encryption_configuration[0].kms_key == var.kms_key_arn
    error_message = jsonencode(aws_ecr_repository.this.encryption_configuration)
  }
}

run "keeping_one_image_is_refused" {
  command = plan

  variables {
    keep_images = 1
  }

  expect_failures = [var.keep_images]
}
