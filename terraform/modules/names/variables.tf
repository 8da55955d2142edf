variable "namespace" {
  description = "First part of every name. Two deployments in one account need two namespaces, also when they are in two regions: IAM roles know no region."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.namespace))
    error_message = "namespace ${jsonencode(var.namespace)} must be lower-case letters, digits and single hyphens, a letter first, because ECR repositories are named after it."
  }
}

variable "name" {
  description = "The rule's name, such as Refiner."
  type        = string

  validation {
    condition     = length(var.name) <= 32 && can(regex("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", var.name))
    error_message = "Refiner ${jsonencode(var.name)}: a name must be 1 to 32 letters, digits and single hyphens, a letter first."
  }

  # Lambda and IAM take 64 characters, SQS 80 and EventBridge rules 64. The function's name is the first to be too
  # long whatever the parts are: its "-lambda" leaves 57 for the rest, and SQS's "Complete-dlq" leaves 68.
  validation {
    condition     = length("${var.namespace}-${var.name}-lambda") <= 64
    error_message = "Refiner ${jsonencode(var.name)}: the function and its role would be called ${var.namespace}-${lower(var.name)}-lambda, which is ${length("${var.namespace}-${var.name}-lambda")} characters. Lambda and IAM take 64: shorten the name or the namespace."
  }
}
