# Made before the function: Lambda would make one that keeps its lines for ever.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${module.names.function}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  function_name = module.names.function
  description   = "Refines what arrives below ${local.input_prefix} in ${var.bucket_name}"
  role          = aws_iam_role.this.arn
  package_type  = "Image"
  image_uri     = var.image_uri
  architectures = [var.architecture]
  memory_size   = var.memory_size
  timeout       = var.timeout

  environment {
    # With the leading slash of the specification; object keys have none, and the worker takes both.
    variables = merge(var.environment, {
      REFINER_NAME            = var.name
      REFINER_BUCKET          = var.bucket_name
      REFINER_QUEUE_URL       = local.input_queue_url
      REFINER_TIMEOUT         = tostring(var.timeout)
      REFINER_INPUT_PREFIX    = "/${local.input_prefix}"
      REFINER_OUTPUT_PREFIX   = "/${local.output_prefix}"
      REFINER_COMPLETE_PREFIX = "/${local.complete_prefix}"
    })
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  # Lambda checks the role's rights when the function and its mapping are made, and on destroy it still needs them to
  # take its network interfaces back.
  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.this,
    aws_iam_role_policy_attachment.this,
  ]
}

# There is no filter on purpose: what a filter does not match, Lambda deletes from the queue without a word.
resource "aws_lambda_event_source_mapping" "input" {
  event_source_arn                   = aws_sqs_queue.this["input"].arn
  function_name                      = aws_lambda_function.this.function_name
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = local.batching_window
  function_response_types            = ["ReportBatchItemFailures"]

  # Not reserved concurrency: messages that the function is too busy for stay in the queue, unreceived, and do not
  # count towards the dead letters.
  scaling_config {
    maximum_concurrency = var.concurrency
  }
}
