resource "aws_cloudwatch_event_bus" "this" {
  name = var.bus_name
}

# S3 speaks to the account's default bus only.
resource "aws_cloudwatch_event_rule" "forward" {
  name          = "${var.bus_name}-forward"
  description   = "Objects created in ${var.bucket_name}, forwarded to ${var.bus_name}"
  event_pattern = jsonencode(local.object_created)
}

resource "aws_cloudwatch_event_target" "forward" {
  rule      = aws_cloudwatch_event_rule.forward.name
  target_id = "custom-bus"
  arn       = aws_cloudwatch_event_bus.this.arn
  role_arn  = aws_iam_role.forward.arn

  # The most that EventBridge takes: a day.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.forward_dlq.arn
  }

  # Events that arrive before the role may put them are dead letters, and so are those that a queue refuses.
  depends_on = [aws_iam_role_policy.forward, aws_sqs_queue_policy.forward_dlq]
}

resource "aws_iam_role" "forward" {
  name        = "${var.bus_name}-forward"
  description = "Lets EventBridge put the events of ${var.bucket_name} on ${var.bus_name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "forward" {
  name = "put-events"
  role = aws_iam_role.forward.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = local.bus_arn
    }]
  })
}

resource "aws_sqs_queue" "forward_dlq" {
  name                              = "${var.bus_name}-forward-dlq"
  message_retention_seconds         = 1209600 # 14 days: the most that SQS keeps
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : 300
}

resource "aws_sqs_queue_policy" "forward_dlq" {
  queue_url = aws_sqs_queue.forward_dlq.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "FromTheForwardRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${aws_sqs_queue.forward_dlq.name}"
        Condition = { ArnEquals = { "aws:SourceArn" = local.forward_arn } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${aws_sqs_queue.forward_dlq.name}"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# For a replay: EventBridge can put every event of a stretch of time on the bus again.
resource "aws_cloudwatch_event_archive" "this" {
  name             = "${var.bus_name}-archive"
  description      = "Objects created in ${var.bucket_name}"
  event_source_arn = aws_cloudwatch_event_bus.this.arn
  event_pattern    = jsonencode(local.object_created)
  retention_days   = var.archive_days
}
