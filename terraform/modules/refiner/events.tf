resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.lanes

  name           = each.value.rule
  description    = "Objects created below ${each.value.prefix} in ${var.bucket_name}"
  event_bus_name = var.bus_name

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [var.bucket_name] }
      object = { key = [{ prefix = each.value.prefix }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.lanes

  rule           = aws_cloudwatch_event_rule.this[each.key].name
  event_bus_name = var.bus_name
  target_id      = "queue"
  arn            = aws_sqs_queue.this[each.key].arn

  # The most that EventBridge takes: a day.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  # The queue's own dead letters: what EventBridge could not deliver has the same body as what the function could not
  # do, so one redrive brings both back.
  dead_letter_config {
    arn = aws_sqs_queue.dlq[each.key].arn
  }

  # An event that comes before the queue lets the rule in would be a dead letter.
  depends_on = [aws_sqs_queue_policy.this, aws_sqs_queue_policy.dlq]
}
