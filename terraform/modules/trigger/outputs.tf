output "manifest_rule" {
  description = "Name of the rule on new manifests."
  value       = aws_cloudwatch_event_rule.run["new-manifest"].name
}

output "queue_arn" {
  description = "Queue of events that started no run."
  value       = aws_sqs_queue.lost.arn
}
