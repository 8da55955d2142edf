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
  name        = "Refiner"
  bucket_name = "data-repository"
  bus_name    = "data-repository-bus"
  image_uri   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda:v1.2.3"
}

run "queues_have_the_names_of_the_specification" {
  command = plan

  assert {
    condition     = { for lane, queue in aws_sqs_queue.this : lane => queue.name } == { input = "dibbs-ecr-RefinerInput", complete = "dibbs-ecr-RefinerComplete" }
    error_message = jsonencode([for queue in aws_sqs_queue.this : queue.name])
  }

  assert {
    condition     = { for lane, queue in aws_sqs_queue.dlq : lane => queue.name } == { input = "dibbs-ecr-RefinerInput-dlq", complete = "dibbs-ecr-RefinerComplete-dlq" }
    error_message = jsonencode([for queue in aws_sqs_queue.dlq : queue.name])
  }
}

run "a_message_is_hidden_six_times_the_timeout_and_kept_14_days" {
  command = plan

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.this : queue.visibility_timeout_seconds == 5400])
    error_message = jsonencode([for queue in aws_sqs_queue.this : queue.visibility_timeout_seconds])
  }

  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.this), values(aws_sqs_queue.dlq)) : queue.message_retention_seconds == 14 * 24 * 3600])
    error_message = "A queue keeps messages for less than 14 days"
  }

  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.this), values(aws_sqs_queue.dlq)) : queue.sqs_managed_sse_enabled == true && queue.kms_master_key_id == null])
    error_message = "A queue is not under the encryption of SQS"
  }
}

run "each_queue_gives_up_to_its_own_dead_letters" {
  command = plan

  assert {
    condition     = jsondecode(aws_sqs_queue.this["input"].redrive_policy) == { deadLetterTargetArn = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerInput-dlq", maxReceiveCount = 5 }
    error_message = aws_sqs_queue.this["input"].redrive_policy
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.this["complete"].redrive_policy).deadLetterTargetArn == "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerComplete-dlq"
    error_message = aws_sqs_queue.this["complete"].redrive_policy
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.this["input"].redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerInput"] }
    error_message = aws_sqs_queue_redrive_allow_policy.this["input"].redrive_allow_policy
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.this["complete"].redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerComplete"]
    error_message = aws_sqs_queue_redrive_allow_policy.this["complete"].redrive_allow_policy
  }
}

run "a_queue_takes_messages_from_exactly_its_rule" {
  command = plan

  assert {
    condition = jsondecode(aws_sqs_queue_policy.this["input"].policy).Statement == [
      {
        Sid       = "FromTheRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerInput"
        Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-1:123456789012:rule/data-repository-bus/dibbs-ecr-RefinerInput" } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerInput"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
    error_message = aws_sqs_queue_policy.this["input"].policy
  }

  assert {
    condition = jsondecode(aws_sqs_queue_policy.dlq["input"].policy).Statement == [
      {
        Sid       = "FromTheRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerInput-dlq"
        Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-1:123456789012:rule/data-repository-bus/dibbs-ecr-RefinerInput" } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerInput-dlq"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
    error_message = aws_sqs_queue_policy.dlq["input"].policy
  }

  assert {
    condition = jsondecode(aws_sqs_queue_policy.this["complete"].policy).Statement == [
      {
        Sid       = "FromTheRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerComplete"
        Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-1:123456789012:rule/data-repository-bus/dibbs-ecr-RefinerComplete" } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerComplete"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
    error_message = aws_sqs_queue_policy.this["complete"].policy
  }

  assert {
    condition = jsondecode(aws_sqs_queue_policy.dlq["complete"].policy).Statement == [
      {
        Sid       = "FromTheRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerComplete-dlq"
        Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-1:123456789012:rule/data-repository-bus/dibbs-ecr-RefinerComplete" } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerComplete-dlq"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
    error_message = aws_sqs_queue_policy.dlq["complete"].policy
  }
}

run "rules_match_one_prefix_of_one_bucket" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["input"].event_pattern) == {
      source        = ["aws.s3"]
      "detail-type" = ["Object Created"]
      detail = {
        bucket = { name = ["data-repository"] }
        object = { key = [{ prefix = "RefinerInput/" }] }
      }
    }
    error_message = aws_cloudwatch_event_rule.this["input"].event_pattern
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["complete"].event_pattern) == {
      source        = ["aws.s3"]
      "detail-type" = ["Object Created"]
      detail = {
        bucket = { name = ["data-repository"] }
        object = { key = [{ prefix = "RefinerComplete/" }] }
      }
    }
    error_message = aws_cloudwatch_event_rule.this["complete"].event_pattern
  }

  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.this : rule.event_bus_name == "data-repository-bus"])
    error_message = "A rule is on another bus"
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.this : target.retry_policy[0].maximum_event_age_in_seconds == 86400 && target.retry_policy[0].maximum_retry_attempts == 185 && length(target.dead_letter_config) == 1])
    error_message = "A target gives up too early, or without a dead letter"
  }
}

run "the_function_is_the_specification_s" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.function_name == "dibbs-ecr-refiner-lambda" && aws_lambda_function.this.package_type == "Image" && aws_lambda_function.this.image_uri == var.image_uri
    error_message = "${aws_lambda_function.this.function_name}: ${aws_lambda_function.this.package_type} ${aws_lambda_function.this.image_uri}"
  }

  assert {
    condition     = aws_lambda_function.this.memory_size == 1024 && aws_lambda_function.this.timeout == 900 && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "${aws_lambda_function.this.memory_size} MiB, ${aws_lambda_function.this.timeout} s, ${jsonencode(aws_lambda_function.this.architectures)}"
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ REFINER_NAME = "Refiner", REFINER_BUCKET = "data-repository", REFINER_TIMEOUT = "900", REFINER_QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/dibbs-ecr-RefinerInput", REFINER_INPUT_PREFIX = "/RefinerInput/", REFINER_OUTPUT_PREFIX = "/RefinerOutput/", REFINER_COMPLETE_PREFIX = "/RefinerComplete/" })
    error_message = jsonencode(aws_lambda_function.this.environment[0].variables)
  }

  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0
    error_message = "The function is in a VPC"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/dibbs-ecr-refiner-lambda" && aws_cloudwatch_log_group.this.retention_in_days == 90 && aws_cloudwatch_log_group.this.kms_key_id == null
    error_message = "${aws_cloudwatch_log_group.this.name} for ${aws_cloudwatch_log_group.this.retention_in_days} days"
  }
}

run "the_mapping_reports_each_failure_and_is_bounded" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.input.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = jsonencode(aws_lambda_event_source_mapping.input.function_response_types)
  }

  assert {
    condition     = aws_lambda_event_source_mapping.input.scaling_config[0].maximum_concurrency == 4 && aws_lambda_event_source_mapping.input.batch_size == 10 && aws_lambda_event_source_mapping.input.maximum_batching_window_in_seconds == 0
    error_message = jsonencode(aws_lambda_event_source_mapping.input)
  }

  assert {
    condition     = length(aws_lambda_event_source_mapping.input.filter_criteria) == 0
    error_message = "A filter would delete messages unread"
  }
}

run "the_role_is_narrowed_by_prefix" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Sid      = "ReadInput"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "arn:aws:s3:::data-repository/RefinerInput/*"
      },
      {
        Sid      = "ReadCompletions"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:aws:s3:::data-repository/RefinerComplete/*"
      },
      {
        Sid      = "WriteOutputs"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
        Resource = ["arn:aws:s3:::data-repository/RefinerOutput/*", "arn:aws:s3:::data-repository/RefinerComplete/*"]
      },
      {
        Sid       = "ListOwnPrefixes"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::data-repository"
        Condition = { StringLike = { "s3:prefix" = ["RefinerInput/*", "RefinerOutput/*", "RefinerComplete/*"] } }
      },
      {
        Sid      = "TakeFromInputQueue"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
        Resource = "arn:aws:sqs:us-east-1:123456789012:dibbs-ecr-RefinerInput"
      },
      {
        Sid    = "NoNetworkInterfacesForTheCode"
        Effect = "Deny"
        Action = [
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:DetachNetworkInterface",
          "ec2:AssignPrivateIpAddresses",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource  = "*"
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws:lambda:us-east-1:123456789012:function:dibbs-ecr-refiner-lambda" } }
      },
    ]
    error_message = aws_iam_role_policy.this.policy
  }

  assert {
    condition     = toset([for attached in aws_iam_role_policy_attachment.this : attached.policy_arn]) == toset(["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"])
    error_message = jsonencode([for attached in aws_iam_role_policy_attachment.this : attached.policy_arn])
  }

  assert {
    condition     = output.role == { arn = "arn:aws:iam::123456789012:role/dibbs-ecr-refiner-lambda", read_prefixes = ["RefinerInput/", "RefinerComplete/"], write_prefixes = ["RefinerOutput/", "RefinerComplete/"] }
    error_message = jsonencode(output.role)
  }
}

run "everything_that_can_go_wrong_has_an_alarm" {
  command = plan

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => [alarm.namespace, alarm.metric_name, alarm.statistic, tostring(alarm.threshold), jsonencode(alarm.dimensions)] } == {
      input-dlq                   = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "0", jsonencode({ QueueName = "dibbs-ecr-RefinerInput-dlq" })]
      complete-dlq                = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "0", jsonencode({ QueueName = "dibbs-ecr-RefinerComplete-dlq" })]
      input-age                   = ["AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", "3600", jsonencode({ QueueName = "dibbs-ecr-RefinerInput" })]
      complete-age                = ["AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", "864000", jsonencode({ QueueName = "dibbs-ecr-RefinerComplete" })]
      input-failed-invocations    = ["AWS/Events", "FailedInvocations", "Sum", "0", jsonencode({ EventBusName = "data-repository-bus", RuleName = "dibbs-ecr-RefinerInput" })]
      complete-failed-invocations = ["AWS/Events", "FailedInvocations", "Sum", "0", jsonencode({ EventBusName = "data-repository-bus", RuleName = "dibbs-ecr-RefinerComplete" })]
      errors                      = ["AWS/Lambda", "Errors", "Sum", "0", jsonencode({ FunctionName = "dibbs-ecr-refiner-lambda" })]
      throttles                   = ["AWS/Lambda", "Throttles", "Sum", "0", jsonencode({ FunctionName = "dibbs-ecr-refiner-lambda" })]
    }
    error_message = jsonencode({ for key, alarm in aws_cloudwatch_metric_alarm.this : key => [alarm.namespace, alarm.metric_name, alarm.statistic, alarm.threshold, alarm.dimensions] })
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : length(alarm.alarm_actions) == 0 && alarm.comparison_operator == "GreaterThanThreshold" && alarm.treat_missing_data == "notBreaching"])
    error_message = "An alarm goes somewhere, or goes off over nothing"
  }
}

run "a_rule_of_its_own_says_everything" {
  command = plan

  variables {
    namespace       = "other"
    name            = "Lab-Reports"
    input_prefix    = "labs/in/"
    output_prefix   = "labs/out/"
    complete_prefix = "labs/done/"
    timeout         = 60
    batch_size      = 50
    concurrency     = 2
    max_receives    = 3
    memory_size     = 512
    architecture    = "x86_64"
    environment     = { LOG_LEVEL = "debug" }
    alarm_topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms"
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ LOG_LEVEL = "debug", REFINER_NAME = var.name, REFINER_BUCKET = var.bucket_name, REFINER_TIMEOUT = "60", REFINER_QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/${var.namespace}-${var.name}Input", REFINER_INPUT_PREFIX = "/labs/in/", REFINER_OUTPUT_PREFIX = "/labs/out/", REFINER_COMPLETE_PREFIX = "/labs/done/" })
    error_message = jsonencode(aws_lambda_function.this.environment[0].variables)
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.this : queue.visibility_timeout_seconds == 361])
    error_message = jsonencode([for queue in aws_sqs_queue.this : queue.visibility_timeout_seconds])
  }

  assert {
    condition     = aws_lambda_event_source_mapping.input.maximum_batching_window_in_seconds == 1 && aws_lambda_event_source_mapping.input.batch_size == 50 && aws_lambda_event_source_mapping.input.scaling_config[0].maximum_concurrency == 2
    error_message = jsonencode(aws_lambda_event_source_mapping.input)
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.this["input"].redrive_policy).maxReceiveCount == 3
    error_message = aws_sqs_queue.this["input"].redrive_policy
  }

  assert {
    condition     = aws_lambda_function.this.function_name == "other-lab-reports-lambda" && aws_lambda_function.this.architectures == tolist(["x86_64"]) && aws_lambda_function.this.memory_size == 512
    error_message = aws_lambda_function.this.function_name
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource == "arn:aws:s3:::data-repository/labs/in/*"
    error_message = aws_iam_role_policy.this.policy
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.alarm_topic_arn]) && alarm.ok_actions == toset([var.alarm_topic_arn])])
    error_message = "An alarm does not reach the topic"
  }
}

run "a_vpc_is_used_when_there_is_one" {
  command = plan

  variables {
    vpc = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1", "subnet-2"]) && aws_lambda_function.this.vpc_config[0].security_group_ids == toset(["sg-1"])
    error_message = jsonencode(aws_lambda_function.this.vpc_config)
  }
}

run "a_key_encrypts_queues_and_logs_and_the_role_may_use_it" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1234"
  }

  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.this), values(aws_sqs_queue.dlq)) : queue.kms_master_key_id == var.kms_key_arn])
    error_message = "A queue is not under the key"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "The log lines are not under the key"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement if statement.Sid == "UseTheKeyThroughS3AndSqs"] == [{
      Sid       = "UseTheKeyThroughS3AndSqs"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "arn:aws:kms:us-east-1:123456789012:key/1234"
      Condition = { StringEquals = { "kms:ViaService" = ["s3.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"] } }
    }]
    error_message = aws_iam_role_policy.this.policy
  }
}

run "a_digest_is_an_image" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  assert {
    condition     = aws_lambda_function.this.image_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/dibbs-ecr-refiner/lambda@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    error_message = aws_lambda_function.this.image_uri
  }
}
