variable "namespace" {
  description = "First part of every name in AWS."
  type        = string
  default     = "dibbs-ecr"
}

variable "name" {
  description = "The rule's name, such as Refiner."
  type        = string
}

variable "bucket_name" {
  description = "Bucket that holds inputs, outputs and completions."
  type        = string
}

variable "bus_name" {
  description = "Custom bus that carries the bucket's events."
  type        = string
}

variable "input_prefix" {
  description = "Objects below it are refined. Null is the name followed by Input/."
  type        = string
  default     = null

  # No wildcard of IAM ("*", "?", "$"): a policy would let the function reach more than it says.
  validation {
    condition     = var.input_prefix == null || can(regex("^([A-Za-z0-9!_.()=+@-]+/)+$", var.input_prefix)) && !can(regex("(^|/)[.][.]?/", var.input_prefix))
    error_message = "Refiner ${var.name}: input_prefix ${jsonencode(var.input_prefix)} must be like RefinerInput/: a slash at the end, none at the beginning, no empty part, and letters, digits and ! _ . ( ) = + @ - only."
  }
}

variable "output_prefix" {
  description = "Outputs are written below it. Null is the name followed by Output/."
  type        = string
  default     = null

  # No wildcard of IAM ("*", "?", "$"): a policy would let the function reach more than it says.
  validation {
    condition     = var.output_prefix == null || can(regex("^([A-Za-z0-9!_.()=+@-]+/)+$", var.output_prefix)) && !can(regex("(^|/)[.][.]?/", var.output_prefix))
    error_message = "Refiner ${var.name}: output_prefix ${jsonencode(var.output_prefix)} must be like RefinerInput/: a slash at the end, none at the beginning, no empty part, and letters, digits and ! _ . ( ) = + @ - only."
  }

  validation {
    condition = !(
      startswith(coalesce(var.output_prefix, "${var.name}Output/"), coalesce(var.input_prefix, "${var.name}Input/")) ||
      startswith(coalesce(var.input_prefix, "${var.name}Input/"), coalesce(var.output_prefix, "${var.name}Output/"))
    )
    error_message = "Refiner ${var.name}: output_prefix and input_prefix lie one below the other, so the refiner would take what it wrote for new input. Keep them apart."
  }
}

variable "complete_prefix" {
  description = "Completions are written below it. Null is the name followed by Complete/."
  type        = string
  default     = null

  # No wildcard of IAM ("*", "?", "$"): a policy would let the function reach more than it says.
  validation {
    condition     = var.complete_prefix == null || can(regex("^([A-Za-z0-9!_.()=+@-]+/)+$", var.complete_prefix)) && !can(regex("(^|/)[.][.]?/", var.complete_prefix))
    error_message = "Refiner ${var.name}: complete_prefix ${jsonencode(var.complete_prefix)} must be like RefinerInput/: a slash at the end, none at the beginning, no empty part, and letters, digits and ! _ . ( ) = + @ - only."
  }

  validation {
    condition = !(
      startswith(coalesce(var.complete_prefix, "${var.name}Complete/"), coalesce(var.input_prefix, "${var.name}Input/")) ||
      startswith(coalesce(var.input_prefix, "${var.name}Input/"), coalesce(var.complete_prefix, "${var.name}Complete/"))
    )
    error_message = "Refiner ${var.name}: complete_prefix and input_prefix lie one below the other, so the refiner would take what it wrote for new input. Keep them apart."
  }
}

variable "image_uri" {
  description = "Image in Amazon ECR, with a tag that never moves or with a digest."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}[.]dkr[.]ecr(-fips)?[.][a-z0-9-]+[.]amazonaws[.]com([.]cn)?/[a-z0-9][a-z0-9._/-]*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|@sha256:[0-9a-f]{64})$", var.image_uri))
    error_message = "Refiner ${var.name}: image_uri ${jsonencode(var.image_uri)} must be an image in Amazon ECR with a tag or a digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:v1.2.3 or ...@sha256:DIGEST. Lambda takes images from nowhere else."
  }

  # Lambda looks a tag up once, when the function is updated: with a tag that moves, nobody can say what runs.
  validation {
    condition     = !can(regex("(?i):(latest|main|master|develop|dev|edge|nightly|stable)$", var.image_uri))
    error_message = "Refiner ${var.name}: the tag of ${jsonencode(var.image_uri)} moves from image to image. Give a release tag or a digest."
  }
}

variable "architecture" {
  description = "Processor that the image was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Refiner ${var.name}: architecture ${jsonencode(var.architecture)} must be arm64 or x86_64, and what the image was built for."
  }
}

variable "batch_size" {
  description = "Messages that one invocation gets at most."
  type        = number
  default     = 10

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 1000 && floor(var.batch_size) == var.batch_size
    error_message = "Refiner ${var.name}: batch_size must be a whole number from 1 to 1000."
  }
}

variable "concurrency" {
  description = "Invocations at once."
  type        = number
  default     = 4

  validation {
    condition     = var.concurrency >= 2 && var.concurrency <= 1000 && floor(var.concurrency) == var.concurrency
    error_message = "Refiner ${var.name}: concurrency must be a whole number from 2 to 1000, which is what Lambda takes for a queue."
  }
}

variable "max_receives" {
  description = "Times that a message is handed out before it is a dead letter."
  type        = number
  default     = 5

  validation {
    condition     = var.max_receives >= 1 && var.max_receives <= 1000 && floor(var.max_receives) == var.max_receives
    error_message = "Refiner ${var.name}: max_receives must be a whole number from 1 to 1000."
  }
}

variable "timeout" {
  description = "Seconds that one invocation may take. The queue hides a message for six times as long."
  type        = number
  default     = 900

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900 && floor(var.timeout) == var.timeout
    error_message = "Refiner ${var.name}: timeout must be a whole number of seconds from 1 to 900."
  }
}

variable "memory_size" {
  description = "Memory of one invocation in MiB; its share of processors goes with it."
  type        = number
  default     = 1024

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "Refiner ${var.name}: memory_size must be a whole number of MiB from 128 to 10240."
  }
}

variable "environment" {
  description = "More environment variables for the container. No secrets: whoever may look at the function sees them."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.environment) : !startswith(key, "REFINER_") && !startswith(key, "AWS_") && !startswith(key, "LAMBDA_")])
    error_message = "Refiner ${var.name}: environment may not set ${join(", ", [for key in keys(var.environment) : key if startswith(key, "REFINER_") || startswith(key, "AWS_") || startswith(key, "LAMBDA_")])}: REFINER_ is set from the prefixes, AWS_ and LAMBDA_ are Lambda's."
  }
}

variable "vpc" {
  description = "Subnets and security groups, for a function that must reach something private; null for none. Without a way out the VPC needs an S3 gateway endpoint."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0, false)
    error_message = "Refiner ${var.name}: vpc must name at least one subnet and one security group."
  }
}

variable "kms_key_arn" {
  description = "KMS key for queues, objects and log lines; null for the services' own encryption. Its policy must let EventBridge and CloudWatch Logs use it: see README.md."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days that the function's log lines are kept."
  type        = number
  default     = 90
}

variable "alarm_topic_arn" {
  description = "SNS topic that hears of alarms; null for alarms that nobody hears."
  type        = string
  default     = null
}

variable "max_age_seconds" {
  description = "Alarm when an object has waited longer than this for the refiner."
  type        = number
  default     = 3600
}
