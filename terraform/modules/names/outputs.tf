output "input_queue" {
  value = local.names.input_queue
}

output "input_dlq" {
  value = local.names.input_dlq
}

output "complete_queue" {
  value = local.names.complete_queue
}

output "complete_dlq" {
  value = local.names.complete_dlq
}

output "input_rule" {
  value = local.names.input_rule
}

output "complete_rule" {
  value = local.names.complete_rule
}

output "function" {
  value = local.names.function
}

output "role" {
  value = local.names.role
}

output "repository" {
  value = local.names.repository
}
