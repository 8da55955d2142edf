# Every name that a refiner has in AWS, from the namespace and the rule's own name. Nothing is created here: the
# registry root, the pipeline root and the refiner module all ask this one place.

terraform {
  required_version = ">= 1.9"
}

locals {
  # Amazon ECR takes lower case only, and one service should not be named in two ways.
  lower_name = lower(var.name)

  names = {
    input_queue    = "${var.namespace}-${var.name}Input"
    input_dlq      = "${var.namespace}-${var.name}Input-dlq"
    complete_queue = "${var.namespace}-${var.name}Complete"
    complete_dlq   = "${var.namespace}-${var.name}Complete-dlq"
    input_rule     = "${var.namespace}-${var.name}Input"
    complete_rule  = "${var.namespace}-${var.name}Complete"
    function       = "${var.namespace}-${local.lower_name}-lambda"
    role           = "${var.namespace}-${local.lower_name}-lambda"
    repository     = "${var.namespace}-${local.lower_name}/lambda"
  }
}
