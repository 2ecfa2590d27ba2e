output "tables" {
  description = "Glue tables by `<layer>.<table>`: database, name, description, location, columns, partition_keys, parameters."
  value       = local.tables

  precondition {
    condition     = length(local.unknown_types) == 0
    error_message = "Types that Glue can't hold: ${join(", ", local.unknown_types)}"
  }
  precondition {
    condition     = length(local.misnamed) == 0
    error_message = "A contract's table isn't named like its file: ${join(", ", local.misnamed)}"
  }
  precondition {
    condition     = length(local.tables) > 0
    error_message = "No contract in ${var.models_dir}."
  }
}
