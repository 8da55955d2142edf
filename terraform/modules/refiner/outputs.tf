output "function_name" {
  value = aws_lambda_function.this.function_name
}

output "function_arn" {
  value = aws_lambda_function.this.arn
}

output "image_uri" {
  value = aws_lambda_function.this.image_uri
}

output "queues" {
  description = "Name, URL and ARN of the four queues: input, complete, input_dlq and complete_dlq."
  value = merge(
    { for lane, queue in aws_sqs_queue.this : lane => { name = queue.name, url = queue.url, arn = queue.arn } },
    { for lane, queue in aws_sqs_queue.dlq : "${lane}_dlq" => { name = queue.name, url = queue.url, arn = queue.arn } },
  )
}

output "prefixes" {
  value = {
    input    = local.input_prefix
    output   = local.output_prefix
    complete = local.complete_prefix
  }
}

output "role_arn" {
  value = aws_iam_role.this.arn
}

# Known before the role is made, and there only after it: for a policy that names the role.
output "role" {
  description = "The role for the bucket's policy: its ARN, and where it reads and writes."
  value = {
    arn            = "arn:${local.partition}:iam::${local.account}:role/${aws_iam_role.this.name}"
    read_prefixes  = [local.input_prefix, local.complete_prefix]
    write_prefixes = [local.output_prefix, local.complete_prefix]
  }
}
