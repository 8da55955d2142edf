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
  release_tag = "v1.2.3"
}

run "by_default_there_is_the_specification_s_refiner" {
  command = plan

  assert {
    condition     = keys(output.refiners) == ["Refiner"] && output.bucket_name == "data-repository"
    error_message = "${jsonencode(keys(output.refiners))} on ${output.bucket_name}"
  }

  assert {
    condition = { for key, queue in output.refiners["Refiner"].queues : key => queue.name } == {
      input        = "dibbs-ecr-RefinerInput"
      input_dlq    = "dibbs-ecr-RefinerInput-dlq"
      complete     = "dibbs-ecr-RefinerComplete"
      complete_dlq = "dibbs-ecr-RefinerComplete-dlq"
    }
    error_message = jsonencode([for queue in output.refiners["Refiner"].queues : queue.name])
  }

  assert {
    condition     = output.refiners["Refiner"].repository_url == "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda"
    error_message = output.refiners["Refiner"].repository_url
  }

  assert {
    condition     = output.refiners["Refiner"].image_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda:v1.2.3"
    error_message = output.refiners["Refiner"].image_uri
  }

  assert {
    condition     = output.refiners["Refiner"].prefixes == { input = "RefinerInput/", output = "RefinerOutput/", complete = "RefinerComplete/" }
    error_message = jsonencode(output.refiners["Refiner"].prefixes)
  }
}

run "a_second_refiner_has_names_of_its_own" {
  command = plan

  variables {
    refiners = {
      Refiner     = {}
      Lab-Reports = { input_prefix = "labs/in/", handler = "hello-world" }
    }
  }

  assert {
    condition     = output.refiners["Lab-Reports"].function_name == "dibbs-ecr-lab-reports-lambda" && output.refiners["Lab-Reports"].queues["input"].name == "dibbs-ecr-Lab-ReportsInput"
    error_message = jsonencode(output.refiners["Lab-Reports"].function_name)
  }

  assert {
    condition     = output.refiners["Lab-Reports"].prefixes == { input = "labs/in/", output = "Lab-ReportsOutput/", complete = "Lab-ReportsComplete/" }
    error_message = jsonencode(output.refiners["Lab-Reports"].prefixes)
  }

  assert {
    condition     = output.refiners["Lab-Reports"].image_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-lab-reports/lambda:v1.2.3"
    error_message = output.refiners["Lab-Reports"].image_uri
  }
}

run "twenty_refiners_live_side_by_side" {
  command = plan

  variables {
    refiners = { for i in range(20) : format("Refiner%02d", i) => {} }
  }

  assert {
    condition     = length(distinct([for refiner in output.refiners : refiner.function_name])) == 20
    error_message = "Two functions have one name"
  }

  assert {
    condition     = length(distinct([for refiner in output.refiners : lower(refiner.repository_url)])) == 20
    error_message = "Two repositories have one name"
  }

  assert {
    condition     = length(distinct(flatten([for refiner in output.refiners : [for queue in refiner.queues : lower(queue.name)]]))) == 80
    error_message = "Two queues have one name"
  }

  assert {
    condition     = length(distinct(flatten([for refiner in output.refiners : values(refiner.prefixes)]))) == 60
    error_message = "Two refiners have one prefix"
  }
}

run "an_image_is_what_is_said_most_particularly" {
  command = plan

  variables {
    refiners = {
      Told     = { image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image:v1" }
      Declared = { image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image:v2" }
      Released = {}
    }
    image_uris = {
      Told = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    }
  }

  assert {
    condition = { for name, refiner in output.refiners : name => refiner.image_uri } == {
      Told     = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      Declared = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image:v2"
      Released = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-released/lambda:v1.2.3"
    }
    error_message = jsonencode([for refiner in output.refiners : refiner.image_uri])
  }
}

run "images_can_do_without_a_release" {
  command = plan

  variables {
    release_tag = null
    image_uris  = { Refiner = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image:v1" }
  }

  assert {
    condition     = output.refiners["Refiner"].image_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image:v1"
    error_message = output.refiners["Refiner"].image_uri
  }
}

run "no_image_is_refused" {
  command = plan

  variables {
    release_tag = null
  }

  expect_failures = [var.release_tag]
}

run "the_release_latest_is_refused" {
  command = plan

  variables {
    release_tag = "latest"
  }

  expect_failures = [var.release_tag]
}

run "a_release_that_is_no_tag_is_refused" {
  command = plan

  variables {
    release_tag = "v1/2"
  }

  expect_failures = [var.release_tag]
}

run "an_image_for_no_refiner_is_refused" {
  command = plan

  variables {
    image_uris = { Refinr = "123456789012.dkr.ecr.us-east-1.amazonaws.com/some/image:v1" }
  }

  expect_failures = [var.image_uris]
}

run "days_that_cloudwatch_does_not_know_are_refused" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}
