data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # ARNs are put together from names, not taken from the resources, so that a plan shows every policy as it will be.
  # The references to the resources' names keep the order of creation.
  partition   = data.aws_partition.current.partition
  account     = data.aws_caller_identity.current.account_id
  region      = data.aws_region.current.name
  bucket_arn  = "arn:${local.partition}:s3:::${aws_s3_bucket.this.bucket}"
  bus_arn     = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/${aws_cloudwatch_event_bus.this.name}"
  forward_arn = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${aws_cloudwatch_event_rule.forward.name}"

  # What S3 says of every object that is stored in this bucket.
  object_created = {
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail        = { bucket = { name = [var.bucket_name] } }
  }
}
