# The policy names the refiners' roles, and the refiners need this bucket. That is no cycle: Terraform orders
# resources, not modules. The roles depend on nothing, this policy depends on the roles, and what the refiners do
# depends on the bucket. S3 refuses a policy that names a role which does not exist, so the roles' ARNs must be handed
# in by whoever created them. A `depends_on` between the two modules would make it a cycle: there must be none.
locals {
  role_statements = flatten([
    for name in sort(keys(var.roles)) : [
      {
        Effect    = "Allow"
        Principal = { AWS = var.roles[name].arn }
        Action    = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource  = [for prefix in var.roles[name].read_prefixes : "${local.bucket_arn}/${prefix}*"]
      },
      {
        Effect    = "Allow"
        Principal = { AWS = var.roles[name].arn }
        Action    = "s3:PutObject"
        Resource  = [for prefix in var.roles[name].write_prefixes : "${local.bucket_arn}/${prefix}*"]
      },
      {
        Effect    = "Allow"
        Principal = { AWS = var.roles[name].arn }
        Action    = "s3:ListBucket"
        Resource  = local.bucket_arn
        Condition = {
          StringLike = {
            "s3:prefix" = [for prefix in distinct(concat(var.roles[name].read_prefixes, var.roles[name].write_prefixes)) : "${prefix}*"]
          }
        }
      },
    ]
  ])

  tls_statement = {
    Sid       = "TlsOnly"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }

  bucket_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.tls_statement], local.role_statements)
  })

  # Amazon S3 user guide, "Bucket policies": 20 KB.
  max_bucket_policy_bytes = 20480
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = local.bucket_policy

  # While the public access block is being set, S3 refuses other changes of the bucket's access.
  depends_on = [aws_s3_bucket_public_access_block.this]

  lifecycle {
    precondition {
      condition     = length(local.bucket_policy) <= local.max_bucket_policy_bytes
      error_message = "The bucket policy would have ${length(local.bucket_policy)} bytes for ${length(var.roles)} roles, and S3 takes ${local.max_bucket_policy_bytes}: shorten names and prefixes, or put some refiners on another bucket."
    }
  }
}
