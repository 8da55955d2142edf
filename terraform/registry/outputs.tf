output "repositories" {
  description = "By refiner: name, ARN and URL of its repository."
  value = {
    for name, repository in module.ecr : name => {
      name = repository.name
      arn  = repository.arn
      url  = repository.url
    }
  }
}
