run "prefixes_are_the_name_and_what_they_hold" {
  command = plan

  variables {
    refiners = { Refiner = {} }
  }

  assert {
    condition     = output.prefixes == { Refiner = { input = "RefinerInput/", output = "RefinerOutput/", complete = "RefinerComplete/" } }
    error_message = jsonencode(output.prefixes)
  }
}

run "declared_prefixes_are_kept" {
  command = plan

  variables {
    refiners = {
      Refiner = {}
      Labs    = { input_prefix = "labs/in/", output_prefix = "shared/", complete_prefix = "labs/done/" }
      Notes   = { output_prefix = "shared/" }
    }
  }

  assert {
    condition     = output.prefixes["Labs"] == { input = "labs/in/", output = "shared/", complete = "labs/done/" }
    error_message = jsonencode(output.prefixes["Labs"])
  }
}

run "two_names_that_differ_in_case_are_refused" {
  command = plan

  variables {
    refiners = { Refiner = {}, REFINER = {} }
  }

  expect_failures = [output.prefixes]
}

run "two_equal_input_prefixes_are_refused" {
  command = plan

  variables {
    refiners = { A = { input_prefix = "in/" }, B = { input_prefix = "in/" } }
  }

  expect_failures = [output.prefixes]
}

run "an_input_prefix_below_another_is_refused" {
  command = plan

  variables {
    refiners = { A = { input_prefix = "in/a/" }, B = { input_prefix = "in/" } }
  }

  expect_failures = [output.prefixes]
}

run "input_prefixes_that_share_letters_only_are_taken" {
  command = plan

  variables {
    refiners = { A = { input_prefix = "in/" }, B = { input_prefix = "in2/" } }
  }
}

run "an_output_below_its_own_input_is_refused" {
  command = plan

  variables {
    refiners = { A = { input_prefix = "a/", output_prefix = "a/out/" } }
  }

  expect_failures = [output.prefixes]
}

run "a_completion_below_its_own_input_is_refused" {
  command = plan

  variables {
    refiners = { A = { complete_prefix = "AInput/done/" } }
  }

  expect_failures = [output.prefixes]
}

run "an_output_below_the_input_of_another_is_refused" {
  command = plan

  variables {
    refiners = { A = { output_prefix = "BInput/" }, B = {} }
  }

  expect_failures = [output.prefixes]
}

run "an_input_below_the_output_of_another_is_refused" {
  command = plan

  variables {
    refiners = { A = { input_prefix = "shared/a/" }, B = { output_prefix = "shared/" } }
  }

  expect_failures = [output.prefixes]
}

run "completions_of_two_below_one_prefix_are_refused" {
  command = plan

  variables {
    refiners = { A = { complete_prefix = "done/" }, B = { complete_prefix = "done/b/" } }
  }

  expect_failures = [output.prefixes]
}
