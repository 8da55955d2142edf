output "prefixes" {
  description = "Input, output and complete prefix of every rule."
  value       = local.prefixes

  precondition {
    condition     = length(local.names_that_clash) == 0
    error_message = "Refiners ${join("; ", local.names_that_clash)} differ in case alone, and functions and repositories are named in lower case: give one another name."
  }

  precondition {
    condition     = length(local.inputs_that_overlap) == 0
    error_message = "Two refiners would take the same objects: ${join("; ", local.inputs_that_overlap)}. Give each an input prefix of its own."
  }

  precondition {
    condition     = length(local.outputs_at_inputs) == 0
    error_message = "A refiner would be fed with what is written: ${join("; ", local.outputs_at_inputs)}. Keep output and complete prefixes apart from every input prefix."
  }

  precondition {
    condition     = length(local.completes_that_overlap) == 0
    error_message = "Two refiners would write completions below one prefix: ${join("; ", local.completes_that_overlap)}. One could replace the other's, so give each a complete prefix of its own."
  }
}
