output "bucket_name" {
  value = module.data_repository.bucket_name
}

output "bus_arn" {
  value = module.data_repository.bus_arn
}

output "archive_arn" {
  description = "Where a replay takes events from."
  value       = module.data_repository.archive_arn
}

output "refiners" {
  description = "By name: function, role, repository, prefixes, and the name, URL and ARN of the queues input, complete, input_dlq and complete_dlq."
  value = {
    for name, refiner in module.refiner : name => {
      function_name  = refiner.function_name
      function_arn   = refiner.function_arn
      image_uri      = refiner.image_uri
      role_arn       = refiner.role_arn
      repository_url = "${local.registry}/${module.names[name].repository}"
      prefixes       = refiner.prefixes
      queues         = refiner.queues
    }
  }
}
