output "names" {
  description = "Bucket names by use, known once the buckets and their policies are there."
  value       = { for use, policy in aws_s3_bucket_policy.this : use => policy.bucket }
}
