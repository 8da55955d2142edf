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

run "the_repository_of_the_specification_is_there_by_default" {
  command = plan

  assert {
    condition     = { for name, repository in output.repositories : name => repository.name } == { Refiner = "dibbs-ecr-refiner/lambda" }
    error_message = jsonencode([for repository in output.repositories : repository.name])
  }
}

run "the_pipeline_s_map_serves_here_too" {
  command = plan

  variables {
    namespace = "other"
    refiners = {
      Refiner     = { image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image:v1", timeout = 60 }
      Lab-Reports = { input_prefix = "labs/in/" }
    }
  }

  assert {
    condition     = { for name, repository in output.repositories : name => repository.name } == { Refiner = "other-refiner/lambda", Lab-Reports = "other-lab-reports/lambda" }
    error_message = jsonencode([for repository in output.repositories : repository.name])
  }
}
