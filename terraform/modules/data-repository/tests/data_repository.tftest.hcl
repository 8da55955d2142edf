mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { name = "us-east-1" }
  }
}

variables {
  roles = {
    Refiner = {
      arn            = "arn:aws:iam::123456789012:role/dibbs-ecr-refiner-lambda"
      read_prefixes  = ["RefinerInput/", "RefinerComplete/"]
      write_prefixes = ["RefinerOutput/", "RefinerComplete/"]
    }
  }
}

run "the_bucket_is_the_specification_s_and_closed" {
  command = plan

  assert {
    condition     = aws_s3_bucket.this.bucket == "data-repository" && aws_s3_bucket.this.force_destroy == false
    error_message = "${aws_s3_bucket.this.bucket}, force_destroy ${aws_s3_bucket.this.force_destroy}"
  }

  assert {
    condition     = aws_s3_bucket_notification.this.eventbridge
    error_message = "EventBridge is off"
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Versioning is off"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Public access is not blocked"
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Objects may belong to somebody else"
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Encryption is not S3's own"
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this.rule) == 1 && aws_s3_bucket_lifecycle_configuration.this.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7
    error_message = jsonencode(aws_s3_bucket_lifecycle_configuration.this.rule)
  }
}

run "the_bucket_policy_lets_the_role_in_below_its_prefixes_and_nobody_without_tls" {
  command = plan

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::data-repository", "arn:aws:s3:::data-repository/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::123456789012:role/dibbs-ecr-refiner-lambda" }
        Action    = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource  = ["arn:aws:s3:::data-repository/RefinerInput/*", "arn:aws:s3:::data-repository/RefinerComplete/*"]
      },
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::123456789012:role/dibbs-ecr-refiner-lambda" }
        Action    = "s3:PutObject"
        Resource  = ["arn:aws:s3:::data-repository/RefinerOutput/*", "arn:aws:s3:::data-repository/RefinerComplete/*"]
      },
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::123456789012:role/dibbs-ecr-refiner-lambda" }
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::data-repository"
        Condition = { StringLike = { "s3:prefix" = ["RefinerInput/*", "RefinerComplete/*", "RefinerOutput/*"] } }
      },
    ]
    error_message = aws_s3_bucket_policy.this.policy
  }
}

run "events_go_from_the_default_bus_to_the_custom_one" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_bus.this.name == "data-repository-bus" && aws_cloudwatch_event_rule.forward.event_bus_name == null
    error_message = "Bus ${aws_cloudwatch_event_bus.this.name}, or the rule is not on the default bus"
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.forward.event_pattern) == {
      source        = ["aws.s3"]
      "detail-type" = ["Object Created"]
      detail        = { bucket = { name = ["data-repository"] } }
    }
    error_message = aws_cloudwatch_event_rule.forward.event_pattern
  }

  assert {
    condition     = aws_cloudwatch_event_target.forward.retry_policy[0].maximum_event_age_in_seconds == 86400 && aws_cloudwatch_event_target.forward.retry_policy[0].maximum_retry_attempts == 185
    error_message = jsonencode(aws_cloudwatch_event_target.forward.retry_policy)
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.forward.policy).Statement == [{ Effect = "Allow", Action = "events:PutEvents", Resource = "arn:aws:events:us-east-1:123456789012:event-bus/data-repository-bus" }]
    error_message = aws_iam_role_policy.forward.policy
  }

  assert {
    condition     = aws_cloudwatch_event_archive.this.retention_days == 30 && jsondecode(aws_cloudwatch_event_archive.this.event_pattern) == jsondecode(aws_cloudwatch_event_rule.forward.event_pattern)
    error_message = "The archive does not keep what is forwarded"
  }
}

run "what_cannot_be_forwarded_is_kept_14_days" {
  command = plan

  assert {
    condition     = aws_sqs_queue.forward_dlq.name == "data-repository-bus-forward-dlq" && aws_sqs_queue.forward_dlq.message_retention_seconds == 14 * 24 * 3600
    error_message = "${aws_sqs_queue.forward_dlq.name} for ${aws_sqs_queue.forward_dlq.message_retention_seconds} s"
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_policy.forward_dlq.policy).Statement[0].Condition == { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-1:123456789012:rule/data-repository-bus-forward" } }
    error_message = aws_sqs_queue_policy.forward_dlq.policy
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_policy.forward_dlq.policy).Statement[1].Effect == "Deny" && jsondecode(aws_sqs_queue_policy.forward_dlq.policy).Statement[1].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = aws_sqs_queue_policy.forward_dlq.policy
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["forward-dlq"].dimensions == tomap({ QueueName = "data-repository-bus-forward-dlq" }) && length(aws_cloudwatch_metric_alarm.this["forward-dlq"].alarm_actions) == 0
    error_message = jsonencode(aws_cloudwatch_metric_alarm.this["forward-dlq"].dimensions)
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["forward-failed"].dimensions == tomap({ RuleName = "data-repository-bus-forward" })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.this["forward-failed"].dimensions)
  }
}

run "a_key_encrypts_objects_and_dead_letters" {
  command = plan

  variables {
    kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/1234"
    alarm_topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms"
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled && one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn
    error_message = jsonencode(aws_s3_bucket_server_side_encryption_configuration.this.rule)
  }

  assert {
    condition     = aws_sqs_queue.forward_dlq.kms_master_key_id == var.kms_key_arn
    error_message = "The dead letters are not under the key"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.alarm_topic_arn])])
    error_message = "An alarm does not reach the topic"
  }
}

run "superseded_versions_expire_only_when_it_is_said" {
  command = plan

  variables {
    noncurrent_version_days = 365
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[1].noncurrent_version_expiration[0].noncurrent_days == 365
    error_message = jsonencode(aws_s3_bucket_lifecycle_configuration.this.rule)
  }
}

run "a_bucket_name_in_capitals_is_refused" {
  command = plan

  variables {
    bucket_name = "Data-Repository"
  }

  expect_failures = [var.bucket_name]
}

run "a_bus_name_that_leaves_no_room_for_its_archive_is_refused" {
  command = plan

  variables {
    bus_name = "data-repository-bus-of-41-characters-long"
  }

  expect_failures = [var.bus_name]
}

run "the_default_bus_is_refused" {
  command = plan

  variables {
    bus_name = "default"
  }

  expect_failures = [var.bus_name]
}

run "more_roles_than_the_policy_can_hold_are_refused" {
  command = plan

  variables {
    roles = {
      for i in range(40) : "R${i}" => {
        arn            = "arn:aws:iam::123456789012:role/dibbs-ecr-refiner-${i}-lambda"
        read_prefixes  = ["Refiner${i}Input/", "Refiner${i}Complete/"]
        write_prefixes = ["Refiner${i}Output/", "Refiner${i}Complete/"]
      }
    }
  }

  expect_failures = [aws_s3_bucket_policy.this]
}
