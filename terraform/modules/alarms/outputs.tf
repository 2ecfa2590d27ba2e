output "topic_arn" {
  description = "Topic that people are told by, known once AWS's services may publish to it."
  value       = aws_sns_topic_policy.this.arn
}
