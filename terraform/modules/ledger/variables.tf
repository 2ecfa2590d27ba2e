variable "table" {
  description = "Name of the table."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the table."
  type        = string
}

variable "hash_key" {
  description = "Partition key, text."
  type        = string
  default     = "pk"
}

variable "range_key" {
  description = "Sort key, text."
  type        = string
  default     = "sk"
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
