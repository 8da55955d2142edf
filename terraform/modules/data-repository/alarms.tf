locals {
  alarms = {
    forward-dlq = {
      description = "Events of ${var.bucket_name} did not reach ${var.bus_name} and wait in ${aws_sqs_queue.forward_dlq.name}"
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      statistic   = "Maximum"
      dimensions  = { QueueName = aws_sqs_queue.forward_dlq.name }
    }
    # A rule of the default bus is known by its name alone (EventBridge user guide, "Monitoring").
    forward-failed = {
      description = "EventBridge gave up on forwarding events of ${var.bucket_name} to ${var.bus_name}"
      namespace   = "AWS/Events"
      metric      = "FailedInvocations"
      statistic   = "Sum"
      dimensions  = { RuleName = aws_cloudwatch_event_rule.forward.name }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.bus_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
  ok_actions          = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}
