# Whether a set of rules can live in one bucket, and every prefix filled in. Nothing is created here. The checks are
# conditions of the output, so whatever is made from it waits for them, also under `-target`.

terraform {
  required_version = ">= 1.9"
}

locals {
  names = keys(var.refiners)

  prefixes = {
    for name, refiner in var.refiners : name => {
      input    = coalesce(refiner.input_prefix, "${name}Input/")
      output   = coalesce(refiner.output_prefix, "${name}Output/")
      complete = coalesce(refiner.complete_prefix, "${name}Complete/")
    }
  }

  # Each two of them once.
  pairs = [
    for pair in setproduct(local.names, local.names) : pair
    if index(local.names, pair[0]) < index(local.names, pair[1])
  ]

  names_that_clash = [for pair in local.pairs : "${pair[0]} and ${pair[1]}" if lower(pair[0]) == lower(pair[1])]

  inputs_that_overlap = [
    for pair in local.pairs :
    "${pair[0]} reads ${local.prefixes[pair[0]].input} and ${pair[1]} reads ${local.prefixes[pair[1]].input}"
    if startswith(local.prefixes[pair[0]].input, local.prefixes[pair[1]].input) || startswith(local.prefixes[pair[1]].input, local.prefixes[pair[0]].input)
  ]

  completes_that_overlap = [
    for pair in local.pairs :
    "${pair[0]} to ${local.prefixes[pair[0]].complete} and ${pair[1]} to ${local.prefixes[pair[1]].complete}"
    if startswith(local.prefixes[pair[0]].complete, local.prefixes[pair[1]].complete) || startswith(local.prefixes[pair[1]].complete, local.prefixes[pair[0]].complete)
  ]

  outputs_at_inputs = flatten([
    for reader in local.names : [
      for writer in local.names : [
        for prefix in distinct([local.prefixes[writer].output, local.prefixes[writer].complete]) :
        "${writer} writes to ${prefix} and ${reader} reads ${local.prefixes[reader].input}"
        if startswith(prefix, local.prefixes[reader].input) || startswith(local.prefixes[reader].input, prefix)
      ]
    ]
  ])
}
