output "name" {
  value = aws_ecr_repository.this.name
}

output "arn" {
  value = aws_ecr_repository.this.arn
}

output "url" {
  description = "Add :tag or @digest and it is an image URI."
  value       = aws_ecr_repository.this.repository_url
}
