run "the_rule_refiner_has_the_names_of_the_specification" {
  command = plan

  variables {
    namespace = "dibbs-ecr"
    name      = "Refiner"
  }

  assert {
    condition     = output.input_queue == "dibbs-ecr-RefinerInput" && output.input_dlq == "dibbs-ecr-RefinerInput-dlq"
    error_message = "Input queues: ${output.input_queue}, ${output.input_dlq}"
  }

  assert {
    condition     = output.complete_queue == "dibbs-ecr-RefinerComplete" && output.complete_dlq == "dibbs-ecr-RefinerComplete-dlq"
    error_message = "Complete queues: ${output.complete_queue}, ${output.complete_dlq}"
  }

  assert {
    condition     = output.repository == "dibbs-ecr-refiner/lambda" && output.function == "dibbs-ecr-refiner-lambda"
    error_message = "Repository and function: ${output.repository}, ${output.function}"
  }
}

run "the_longest_name_is_taken" {
  command = plan

  variables {
    namespace = "twenty-four-characters-x"
    name      = "Thirty-Two-Characters-Long-Name1"
  }

  assert {
    condition     = length(output.function) == 64 && length(output.complete_dlq) <= 80
    error_message = "${output.function} has ${length(output.function)} characters"
  }
}

run "one_character_more_is_refused" {
  command = plan

  variables {
    namespace = "twenty-five-characters-xx"
    name      = "Thirty-Two-Characters-Long-Name1"
  }

  expect_failures = [var.name]
}

run "a_name_of_33_characters_is_refused" {
  command = plan

  variables {
    namespace = "a"
    name      = "Thirty-Two-Characters-Long-Name12"
  }

  expect_failures = [var.name]
}

run "an_underscore_is_refused" {
  command = plan

  variables {
    namespace = "dibbs-ecr"
    name      = "My_Refiner"
  }

  expect_failures = [var.name]
}

run "a_hyphen_at_the_end_is_refused" {
  command = plan

  variables {
    namespace = "dibbs-ecr"
    name      = "Refiner-"
  }

  expect_failures = [var.name]
}

run "a_digit_first_is_refused" {
  command = plan

  variables {
    namespace = "dibbs-ecr"
    name      = "2Refiner"
  }

  expect_failures = [var.name]
}

run "a_namespace_in_capitals_is_refused" {
  command = plan

  variables {
    namespace = "Dibbs-ecr"
    name      = "Refiner"
  }

  expect_failures = [var.namespace]
}
