variable "refiners" {
  description = "The same map as the pipeline's, so that one tfvars file can serve both roots. Only its names matter here."
  type = map(object({
    input_prefix    = optional(string)
    output_prefix   = optional(string)
    complete_prefix = optional(string)
  }))
  default  = { Refiner = {} }
  nullable = false
}

variable "namespace" {
  description = "First part of every name; the same as the pipeline's."
  type        = string
  default     = "dibbs-ecr"
}

variable "aws_region" {
  description = "Region of the repositories; the same as the pipeline's, because Lambda pulls from its own region only."
  type        = string
  default     = "us-east-1"
}

variable "assume_role" {
  description = "Role to take on for all of it; null for the credentials as they are."
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

variable "keep_images" {
  description = "Images that each repository keeps, the newest ones. The image that runs must be among them."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "KMS key for the images; null for ECR's own encryption. A change of it replaces the repositories."
  type        = string
  default     = null
}

variable "force_delete" {
  description = "Whether destroy may delete repositories that still hold images."
  type        = bool
  default     = false
}
