variable "refiners" {
  description = "The rules, by name; every field but the name has a default. The same names as in lakewright.yaml."
  nullable    = false
  type = map(object({
    input_prefix    = optional(string)          # <name>Input/
    output_prefix   = optional(string)          # <name>Output/
    complete_prefix = optional(string)          # <name>Complete/
    image_uri       = optional(string)          # the refiner's own repository with release_tag
    handler         = optional(string)          # the image decides; taken so that a rule can be copied as it is
    batch_size      = optional(number, 10)      # messages of one invocation at most
    concurrency     = optional(number, 4)       # invocations at once
    max_receives    = optional(number, 5)       # deliveries before a message is a dead letter
    timeout         = optional(number, 900)     # seconds of one invocation
    memory_size     = optional(number, 1024)    # MiB
    architecture    = optional(string, "arm64") # or x86_64: what the image was built for
    environment     = optional(map(string), {}) # more variables for the container
    vpc = optional(object({                     # for a function that must reach something private
      subnet_ids         = list(string)
      security_group_ids = list(string)
    }))
  }))
  default = { Refiner = {} }
}

variable "image_uris" {
  description = "Images by refiner name, before those of `refiners`: where CI puts the digest that it has just copied."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.image_uris), keys(var.refiners))) == 0
    error_message = "image_uris names ${join(", ", setsubtract(keys(var.image_uris), keys(var.refiners)))}, and there is no such refiner. There are: ${join(", ", keys(var.refiners))}."
  }
}

variable "release_tag" {
  description = "Tag of the image in each refiner's own repository, for refiners that nothing else names an image for."
  type        = string
  default     = null

  validation {
    condition     = var.release_tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.release_tag)) && lower(coalesce(var.release_tag, "-")) != "latest"
    error_message = "release_tag ${jsonencode(var.release_tag)} must be a tag that never moves, such as v1.2.3: letters, digits and _ . -, at most 128, and not \"latest\"."
  }

  validation {
    condition     = var.release_tag != null || alltrue([for name, refiner in var.refiners : refiner.image_uri != null || contains(keys(var.image_uris), name)])
    error_message = "No image for ${join(", ", [for name, refiner in var.refiners : name if refiner.image_uri == null && !contains(keys(var.image_uris), name)])}: set release_tag, or an image URI in image_uris or in the refiner."
  }
}

variable "namespace" {
  description = "First part of every name. Two deployments in one account need two namespaces, also when they are in two regions: IAM roles know no region."
  type        = string
  default     = "dibbs-ecr"
}

variable "bucket_name" {
  description = "Name of the bucket. S3 knows every name once in the whole world, so this default is a name to replace."
  type        = string
  default     = "data-repository"
}

variable "bus_name" {
  description = "Name of the custom bus. Its rule, role, archive and dead-letter queue are named after it."
  type        = string
  default     = "data-repository-bus"
}

variable "aws_region" {
  description = "Region of everything."
  type        = string
  default     = "us-east-1"
}

variable "assume_role" {
  description = "Role to take on for all of it, for a runner that is trusted with no more than that; null for the credentials as they are."
  type = object({
    role_arn     = string
    session_name = optional(string, "terraform-refiner")
    external_id  = optional(string)
  })
  default = null
}

variable "environment" {
  description = "Value of the tag Environment."
  type        = string
  default     = "dev"
}

variable "tags" {
  description = "More tags for everything."
  type        = map(string)
  default     = {}
}

variable "kms_key_arn" {
  description = "KMS key for objects, queues and log lines; null for the services' own encryption. Its policy must let EventBridge and CloudWatch Logs use it: see README.md."
  type        = string
  default     = null
}

variable "alarm_topic_arn" {
  description = "SNS topic that hears of alarms; null for alarms that nobody hears."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days that the functions' log lines are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the numbers that CloudWatch Logs takes: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "archive_days" {
  description = "Days that the bus's archive keeps events for a replay; 0 keeps them for ever."
  type        = number
  default     = 30
}

variable "noncurrent_version_days" {
  description = "Days after which superseded versions of objects are removed; null keeps them for ever."
  type        = number
  default     = null
}

variable "force_destroy" {
  description = "Whether destroy may delete a bucket that still holds objects, all their versions with it."
  type        = bool
  default     = false
}
