locals {
  day_seconds = 86400

  dlq_alarms = {
    for lane, names in local.lanes : "${lane}-dlq" => {
      description = "Dead letters wait in ${names.dlq}. They are gone after 14 days: see the runbook."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      statistic   = "Maximum"
      dimensions  = { QueueName = names.dlq }
      threshold   = 0
    }
  }

  # Rules of a custom bus are known by bus and name (EventBridge user guide, "Monitoring").
  event_alarms = {
    for lane, names in local.lanes : "${lane}-failed-invocations" => {
      description = "EventBridge gave up on events for ${names.queue}"
      namespace   = "AWS/Events"
      metric      = "FailedInvocations"
      statistic   = "Sum"
      dimensions  = { EventBusName = var.bus_name, RuleName = names.rule }
      threshold   = 0
    }
  }

  age_alarms = {
    input-age = {
      description = "An object has waited in ${module.names.input_queue} for more than ${var.max_age_seconds} s"
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      statistic   = "Maximum"
      dimensions  = { QueueName = module.names.input_queue }
      threshold   = var.max_age_seconds
    }
    complete-age = {
      description = "Nobody has taken a message from ${module.names.complete_queue} for ten days, and after 14 SQS drops it. Give the queue a consumer; the completions themselves stay in ${var.bucket_name}."
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      statistic   = "Maximum"
      dimensions  = { QueueName = module.names.complete_queue }
      threshold   = 10 * local.day_seconds
    }
  }

  function_alarms = {
    for metric in ["Errors", "Throttles"] : lower(metric) => {
      description = "${metric} of ${module.names.function}"
      namespace   = "AWS/Lambda"
      metric      = metric
      statistic   = "Sum"
      dimensions  = { FunctionName = module.names.function }
      threshold   = 0
    }
  }

  alarms = merge(local.dlq_alarms, local.event_alarms, local.age_alarms, local.function_alarms)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.namespace}-${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
  ok_actions          = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}
