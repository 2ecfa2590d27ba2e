variable "prefix" {
  description = "Start of the exports' names."
  type        = string
}

variable "bucket" {
  description = "Bucket that AWS delivers to."
  type        = string
}

variable "bucket_region" {
  description = "Region of that bucket."
  type        = string
}

variable "folder" {
  description = "Folder of the exports in the bucket."
  type        = string
  default     = "exports"
}

variable "columns_file" {
  description = "Columns of CUR 2.0: `finlake/sample/columns.yml` of this repository, where they stand in AWS's order."
  type        = string
}

variable "cur2" {
  description = "The CUR 2.0 export: whether, by HOURLY or DAILY, with resources, with split cost allocation, OVERWRITE_REPORT or CREATE_NEW_REPORT."
  type = object({
    enabled     = optional(bool, true)
    granularity = optional(string, "HOURLY")
    resources   = optional(bool, true)
    split_costs = optional(bool, true)
    overwrite   = optional(string, "OVERWRITE_REPORT")
  })
  default = {}

  validation {
    condition     = contains(["HOURLY", "DAILY", "MONTHLY"], var.cur2.granularity) && contains(["OVERWRITE_REPORT", "CREATE_NEW_REPORT"], var.cur2.overwrite)
    error_message = "cur2: granularity HOURLY, DAILY or MONTHLY; overwrite OVERWRITE_REPORT or CREATE_NEW_REPORT."
  }
}

variable "focus" {
  description = "The FOCUS 1.2 export: whether, OVERWRITE_REPORT or CREATE_NEW_REPORT. CUR 2.0 counts where both are there."
  type = object({
    enabled   = optional(bool, false)
    overwrite = optional(string, "OVERWRITE_REPORT")
  })
  default = {}
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
}
