variable "refiners" {
  description = "The rules by name, each with the prefixes that it declares."
  nullable    = false
  type = map(object({
    input_prefix    = optional(string)
    output_prefix   = optional(string)
    complete_prefix = optional(string)
  }))
}
