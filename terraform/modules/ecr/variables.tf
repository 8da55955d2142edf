variable "name" {
  description = "Name of the repository, such as dibbs-ecr-refiner/lambda."
  type        = string
}

variable "function_name" {
  description = "The one function of this account and region that may pull from it. It need not exist yet."
  type        = string
}

variable "keep_images" {
  description = "Images that are kept, the newest ones. The image that runs must be among them."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_images >= 2 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 2 up: the image that runs and the one before it."
  }
}

variable "kms_key_arn" {
  description = "KMS key for the images; null for ECR's own encryption. A change of it replaces the repository."
  type        = string
  default     = null
}

variable "force_delete" {
  description = "Whether destroy may delete a repository that still holds images."
  type        = bool
  default     = false
}
