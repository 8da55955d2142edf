data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

module "names" {
  source = "../names"

  namespace = var.namespace
  name      = var.name
}

locals {
  # ARNs are put together from names, not taken from the resources, so that a plan shows every policy as it will be.
  # The references to the resources' names keep the order of creation.
  partition    = data.aws_partition.current.partition
  account      = data.aws_caller_identity.current.account_id
  region       = data.aws_region.current.name
  sqs_arn      = "arn:${local.partition}:sqs:${local.region}:${local.account}"
  rule_arn     = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.bus_name}"
  function_arn = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${module.names.function}"
  bucket_arn   = "arn:${local.partition}:s3:::${var.bucket_name}"

  # The function puts failed messages back early, and knows the queue by this.
  input_queue_url = "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account}/${module.names.input_queue}"

  input_prefix    = coalesce(var.input_prefix, "${var.name}Input/")
  output_prefix   = coalesce(var.output_prefix, "${var.name}Output/")
  complete_prefix = coalesce(var.complete_prefix, "${var.name}Complete/")

  # Lambda wants a window as soon as it is to collect more than ten messages, and none below
  # (Lambda guide, "Using Lambda with Amazon SQS").
  batching_window = var.batch_size > 10 ? 1 : 0

  # Six times the function's time, and the window: the same guide's advice, so that a message which waits for a
  # throttled function is not handed out a second time.
  visibility_seconds = 6 * var.timeout + local.batching_window

  # The two ways of a message: objects that came in, and completions that went out.
  lanes = {
    input = {
      rule   = module.names.input_rule
      queue  = module.names.input_queue
      dlq    = module.names.input_dlq
      prefix = local.input_prefix
    }
    complete = {
      rule   = module.names.complete_rule
      queue  = module.names.complete_queue
      dlq    = module.names.complete_dlq
      prefix = local.complete_prefix
    }
  }
}
