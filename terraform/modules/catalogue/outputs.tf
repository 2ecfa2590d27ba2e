output "databases" {
  description = "Glue database names by layer."
  value       = { for layer, database in aws_glue_catalog_database.this : layer => database.name }
}

output "tables" {
  description = "Registered tables as `<layer>.<table>`."
  value       = keys(aws_glue_catalog_table.this)
}
