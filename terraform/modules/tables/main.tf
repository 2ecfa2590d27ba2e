# A contract of models/<layer>/<table>.odcs.yaml becomes a Glue table: columns, types and partitions stand nowhere else.
locals {
  suffix = ".odcs.yaml"
  files = [
    for file in fileset(var.models_dir, "*/*${local.suffix}") : file if contains(var.layers, dirname(file))
  ]
  contracts = {
    for file in local.files :
    "${dirname(file)}.${trimsuffix(basename(file), local.suffix)}" => yamldecode(file("${var.models_dir}/${file}"))
  }

  # Partition columns in their declared order; Glue wants them apart from the others.
  partitions = {
    for key, contract in local.contracts : key => [
      for place in sort([
        for p in contract.schema[0].properties : format("%03d %s", p.partitionKeyPosition, p.name) if try(p.partitioned, false)
      ]) : split(" ", place)[1]
    ]
  }
  columns = {
    for key, contract in local.contracts : key => {
      for p in contract.schema[0].properties : p.name => {
        name    = p.name
        type    = replace(p.physicalType, " ", "")
        comment = substr(try(p.description, ""), 0, 255)
      }
    }
  }

  tables = {
    for key, contract in local.contracts : key => {
      layer          = split(".", key)[0]
      name           = contract.schema[0].physicalName
      database       = var.databases[split(".", key)[0]]
      description    = "${contract.description.purpose}. ${contract.schema[0].description} (contract ${contract.version})"
      location       = "${var.lake_uri}/${replace(key, ".", "/")}/"
      partition_keys = [for name in local.partitions[key] : local.columns[key][name]]
      columns = [
        for p in contract.schema[0].properties : local.columns[key][p.name] if !contains(local.partitions[key], p.name)
      ]
      # Athena finds schema and files in the Delta log at `path`; what Glue holds is for people, views and permissions.
      # https://docs.aws.amazon.com/athena/latest/ug/delta-lake-tables-syncing-metadata.html
      parameters       = { EXTERNAL = "TRUE", "spark.sql.sources.provider" = "delta" }
      serde_parameters = { "serialization.format" = "1", path = "${var.lake_uri}/${replace(key, ".", "/")}/" }
    }
  }

  # Types that Glue, Spark, Trino and DuckDB read alike; finlake/contracts.py takes the same ones.
  simple     = "string|int|bigint|double|boolean|date|timestamp|decimal\\([0-9]+,[0-9]+\\)"
  known_type = "^(${local.simple}|map<(${local.simple}),(${local.simple})>|array<(${local.simple})>)$"
  unknown_types = flatten([
    for key, columns in local.columns : [
      for column in values(columns) : "${key}.${column.name}: ${column.type}" if !can(regex(local.known_type, column.type))
    ]
  ])
  misnamed = [for key, contract in local.contracts : key if split(".", key)[1] != contract.schema[0].physicalName]
}
