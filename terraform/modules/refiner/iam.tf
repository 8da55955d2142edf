resource "aws_iam_role" "this" {
  name        = module.names.role
  description = "Execution role of ${module.names.function}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Both, as the specification has it, whether or not the function is in a VPC: a function that is moved out of one needs
# the second policy until its network interfaces are gone. What it allows is for Lambda and not for the code in the
# container, which is why the policy below takes it from the code again.
resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset(["AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole"])

  role       = aws_iam_role.this.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/${each.key}"
}

locals {
  object_statements = [
    {
      Sid      = "ReadInput"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource = "${local.bucket_arn}/${local.input_prefix}*"
    },
    {
      # The completion that is there tells a second delivery from a first one.
      Sid      = "ReadCompletions"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "${local.bucket_arn}/${local.complete_prefix}*"
    },
    {
      # Whoever may write in parts must be able to give up: the parts are kept, and paid for, until then.
      Sid      = "WriteOutputs"
      Effect   = "Allow"
      Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      Resource = ["${local.bucket_arn}/${local.output_prefix}*", "${local.bucket_arn}/${local.complete_prefix}*"]
    },
    {
      # Without it S3 answers 403 instead of 404 for a completion that is not there yet. It weighs this right with the
      # key that was asked for as the prefix.
      Sid      = "ListOwnPrefixes"
      Effect   = "Allow"
      Action   = "s3:ListBucket"
      Resource = local.bucket_arn
      Condition = {
        StringLike = { "s3:prefix" = [for prefix in [local.input_prefix, local.output_prefix, local.complete_prefix] : "${prefix}*"] }
      }
    },
  ]

  queue_statements = [{
    Sid      = "TakeFromInputQueue"
    Effect   = "Allow"
    Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
    Resource = "${local.sqs_arn}:${aws_sqs_queue.this["input"].name}"
  }]

  # Lambda guide, "Giving Lambda functions access to resources in an Amazon VPC": the network interfaces are Lambda's
  # business, and calls with this source are the code's own.
  network_statements = [{
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
    Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
  }]

  key_statements = [for key in var.kms_key_arn == null ? [] : [var.kms_key_arn] : {
    Sid      = "UseTheKeyThroughS3AndSqs"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = key
    Condition = {
      StringEquals = {
        "kms:ViaService" = [for service in ["s3", "sqs"] : "${service}.${local.region}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }]
}

resource "aws_iam_role_policy" "this" {
  name = "refiner"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.object_statements, local.queue_statements, local.network_statements, local.key_statements)
  })
}
