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
  name        = "Refiner"
  bucket_name = "data-repository"
  bus_name    = "data-repository-bus"
  image_uri   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda:v1.2.3"
}

run "latest_is_refused" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda:latest"
  }

  expect_failures = [var.image_uri]
}

run "a_branch_for_a_tag_is_refused" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda:main"
  }

  expect_failures = [var.image_uri]
}

run "an_image_without_a_tag_is_refused" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda"
  }

  expect_failures = [var.image_uri]
}

run "an_image_of_another_registry_is_refused" {
  command = plan

  variables {
    image_uri = "ghcr.io/org/dibbs-ecr-refiner:v1.2.3"
  }

  expect_failures = [var.image_uri]
}

run "half_a_digest_is_refused" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda@sha256:0123"
  }

  expect_failures = [var.image_uri]
}

run "a_leading_slash_is_refused" {
  command = plan

  variables {
    input_prefix = "/RefinerInput/"
  }

  expect_failures = [var.input_prefix]
}

run "a_missing_slash_at_the_end_is_refused" {
  command = plan

  variables {
    input_prefix = "RefinerInput"
  }

  expect_failures = [var.input_prefix]
}

run "an_empty_prefix_is_refused" {
  command = plan

  variables {
    input_prefix = ""
  }

  expect_failures = [var.input_prefix]
}

run "an_empty_part_is_refused" {
  command = plan

  variables {
    input_prefix = "a//b/"
  }

  expect_failures = [var.input_prefix]
}

run "a_part_of_two_dots_is_refused" {
  command = plan

  variables {
    input_prefix = "a/../b/"
  }

  expect_failures = [var.input_prefix]
}

run "a_wildcard_is_refused" {
  command = plan

  variables {
    input_prefix = "a*/"
  }

  expect_failures = [var.input_prefix]
}

run "a_policy_variable_is_refused" {
  command = plan

  variables {
    input_prefix = "$${aws:username}/"
  }

  expect_failures = [var.input_prefix]
}

run "a_leading_slash_of_the_output_is_refused" {
  command = plan

  variables {
    output_prefix = "/RefinerOutput/"
  }

  expect_failures = [var.output_prefix]
}

run "an_output_below_the_input_is_refused" {
  command = plan

  variables {
    output_prefix = "RefinerInput/out/"
  }

  expect_failures = [var.output_prefix]
}

run "an_output_above_the_input_is_refused" {
  command = plan

  variables {
    input_prefix  = "in/a/"
    output_prefix = "in/"
  }

  expect_failures = [var.output_prefix]
}

run "a_missing_slash_at_the_end_of_completions_is_refused" {
  command = plan

  variables {
    complete_prefix = "RefinerComplete"
  }

  expect_failures = [var.complete_prefix]
}

run "completions_below_the_input_are_refused" {
  command = plan

  variables {
    complete_prefix = "RefinerInput/done/"
  }

  expect_failures = [var.complete_prefix]
}

run "another_processor_is_refused" {
  command = plan

  variables {
    architecture = "amd64"
  }

  expect_failures = [var.architecture]
}

run "a_batch_of_none_is_refused" {
  command = plan

  variables {
    batch_size = 0
  }

  expect_failures = [var.batch_size]
}

run "a_batch_of_1001_is_refused" {
  command = plan

  variables {
    batch_size = 1001
  }

  expect_failures = [var.batch_size]
}

run "a_concurrency_of_one_is_refused" {
  command = plan

  variables {
    concurrency = 1
  }

  expect_failures = [var.concurrency]
}

run "a_concurrency_of_1001_is_refused" {
  command = plan

  variables {
    concurrency = 1001
  }

  expect_failures = [var.concurrency]
}

run "no_receive_at_all_is_refused" {
  command = plan

  variables {
    max_receives = 0
  }

  expect_failures = [var.max_receives]
}

run "a_thousand_and_one_receives_are_refused" {
  command = plan

  variables {
    max_receives = 1001
  }

  expect_failures = [var.max_receives]
}

run "a_timeout_of_none_is_refused" {
  command = plan

  variables {
    timeout = 0
  }

  expect_failures = [var.timeout]
}

run "a_timeout_of_901_seconds_is_refused" {
  command = plan

  variables {
    timeout = 901
  }

  expect_failures = [var.timeout]
}

run "a_timeout_of_half_a_second_is_refused" {
  command = plan

  variables {
    timeout = 0.5
  }

  expect_failures = [var.timeout]
}

run "memory_of_127_mib_is_refused" {
  command = plan

  variables {
    memory_size = 127
  }

  expect_failures = [var.memory_size]
}

run "memory_of_10241_mib_is_refused" {
  command = plan

  variables {
    memory_size = 10241
  }

  expect_failures = [var.memory_size]
}

run "a_prefix_by_environment_is_refused" {
  command = plan

  variables {
    environment = { REFINER_OUTPUT_PREFIX = "/elsewhere/" }
  }

  expect_failures = [var.environment]
}

run "a_variable_of_lambda_s_is_refused" {
  command = plan

  variables {
    environment = { AWS_REGION = "eu-west-1" }
  }

  expect_failures = [var.environment]
}

run "a_vpc_without_subnets_is_refused" {
  command = plan

  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc]
}

run "a_vpc_without_security_groups_is_refused" {
  command = plan

  variables {
    vpc = { subnet_ids = ["subnet-1"], security_group_ids = [] }
  }

  expect_failures = [var.vpc]
}
