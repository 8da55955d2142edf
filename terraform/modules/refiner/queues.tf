locals {
  retention_seconds = 1209600 # 14 days: the most that SQS keeps
}

resource "aws_sqs_queue" "dlq" {
  for_each = local.lanes

  name                              = each.value.dlq
  message_retention_seconds         = local.retention_seconds
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : 300
}

# Nothing in this house reads the complete queue: its consumer is the customer's. Until there is one, messages wait
# their 14 days and an alarm says so; the completions themselves stay in the bucket. The visibility time is the input
# queue's, because a Lambda consumer must not need more time than its queue hides a message.
resource "aws_sqs_queue" "this" {
  for_each = local.lanes

  name                              = each.value.queue
  message_retention_seconds         = local.retention_seconds
  visibility_timeout_seconds        = local.visibility_seconds
  receive_wait_time_seconds         = 20
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : 300

  redrive_policy = jsonencode({
    deadLetterTargetArn = "${local.sqs_arn}:${aws_sqs_queue.dlq[each.key].name}"
    maxReceiveCount     = var.max_receives
  })
}

# A resource of its own, because the two queues name each other.
resource "aws_sqs_queue_redrive_allow_policy" "this" {
  for_each = local.lanes

  queue_url = aws_sqs_queue.dlq[each.key].id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["${local.sqs_arn}:${aws_sqs_queue.this[each.key].name}"]
  })
}

locals {
  # The policy of a queue that takes messages from one rule, and from anybody over TLS only.
  queue_policies = {
    for lane, names in local.lanes : lane => {
      for queue in [names.queue, names.dlq] : queue => jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Sid       = "FromTheRule"
            Effect    = "Allow"
            Principal = { Service = "events.amazonaws.com" }
            Action    = "sqs:SendMessage"
            Resource  = "${local.sqs_arn}:${queue}"
            Condition = { ArnEquals = { "aws:SourceArn" = "${local.rule_arn}/${names.rule}" } }
          },
          {
            Sid       = "TlsOnly"
            Effect    = "Deny"
            Principal = "*"
            Action    = "sqs:*"
            Resource  = "${local.sqs_arn}:${queue}"
            Condition = { Bool = { "aws:SecureTransport" = "false" } }
          },
        ]
      })
    }
  }
}

resource "aws_sqs_queue_policy" "this" {
  for_each = local.lanes

  queue_url = aws_sqs_queue.this[each.key].id
  policy    = local.queue_policies[each.key][each.value.queue]
}

resource "aws_sqs_queue_policy" "dlq" {
  for_each = local.lanes

  queue_url = aws_sqs_queue.dlq[each.key].id
  policy    = local.queue_policies[each.key][each.value.dlq]
}
