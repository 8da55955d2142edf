variable "bucket_name" {
  description = "Name of the bucket. S3 knows every name once in the whole world."
  type        = string
  default     = "data-repository"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name)) && !strcontains(var.bucket_name, "..")
    error_message = "bucket_name ${jsonencode(var.bucket_name)} must be 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit first and last."
  }
}

variable "bus_name" {
  description = "Name of the custom bus. Its rule, role, archive and dead-letter queue are named after it."
  type        = string
  default     = "data-repository-bus"

  # 48 characters is what an archive's name may have, and SQS and IAM agree on these characters only.
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,40}$", var.bus_name)) && var.bus_name != "default"
    error_message = "bus_name ${jsonencode(var.bus_name)} must be 1 to 40 letters, digits, hyphens and underscores (an archive's name ends at 48 characters, \"-archive\" included), and not \"default\"."
  }
}

variable "roles" {
  description = "The roles that the bucket's policy lets in, each by its name: their ARN, and the prefixes below which they may read and write."
  type = map(object({
    arn            = string
    read_prefixes  = list(string)
    write_prefixes = list(string)
  }))
  default = {}
}

variable "kms_key_arn" {
  description = "KMS key for objects and dead letters; null for the services' own encryption. Its policy must let EventBridge use it: see README.md."
  type        = string
  default     = null
}

variable "abort_uploads_days" {
  description = "Days after which the parts of an unfinished upload are removed."
  type        = number
  default     = 7
}

variable "noncurrent_version_days" {
  description = "Days after which superseded versions of objects are removed; null keeps them for ever."
  type        = number
  default     = null
}

variable "archive_days" {
  description = "Days that the bus's archive keeps events for a replay; 0 keeps them for ever."
  type        = number
  default     = 30
}

variable "alarm_topic_arn" {
  description = "SNS topic that hears of alarms; null for alarms that nobody hears."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Whether destroy may delete a bucket that still holds objects, all their versions with it."
  type        = bool
  default     = false
}
