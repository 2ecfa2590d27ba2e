variables {
  models_dir = "../../../models"
  lake_uri   = "s3://a-bucket/lake"
  databases  = { bronze = "b", silver = "s", gold = "g" }
}

run "contracts_become_tables" {
  command = apply

  assert {
    condition     = contains(keys(output.tables), "silver.billing_line_items") && contains(keys(output.tables), "bronze.metric_points")
    error_message = "tables: ${join(", ", keys(output.tables))}"
  }
  assert {
    condition     = alltrue([for table in values(output.tables) : table.layer != "gold"])
    error_message = "gold belongs to dbt"
  }
  assert {
    condition     = [for key in output.tables["silver.billing_line_items"].partition_keys : key.name] == ["export_id", "billing_period"]
    error_message = "partition keys in another order"
  }
  assert {
    condition     = !contains([for c in output.tables["silver.billing_line_items"].columns : c.name], "export_id")
    error_message = "a partition key is a column too: Glue refuses that"
  }
  assert {
    condition = [
      for c in output.tables["silver.billing_line_items"].columns : c.type if c.name == "unblended_cost"
    ] == ["decimal(28,12)"]
    error_message = "money lost its scale"
  }
  assert {
    condition     = output.tables["bronze.metric_points"].location == "s3://a-bucket/lake/bronze/metric_points/"
    error_message = "the table lies elsewhere"
  }
  assert {
    condition     = alltrue(flatten([for t in values(output.tables) : [for c in concat(t.columns, t.partition_keys) : length(c.comment) <= 255]]))
    error_message = "Glue takes comments of 255 characters"
  }
}

run "gold_on_request" {
  command = apply
  variables {
    layers = ["gold"]
  }

  assert {
    condition     = output.tables["gold.cost_daily"].database == "g"
    error_message = "gold is in another database"
  }
  assert {
    condition = [
      for c in output.tables["gold.cost_daily"].columns : c.type if c.name == "net_amortized_cost"
    ] == ["decimal(38,12)"]
    error_message = "a sum lost its precision"
  }
}

run "a_type_that_no_engine_shares_is_refused" {
  command = plan
  variables {
    models_dir = "tests/broken"
  }
  expect_failures = [output.tables]
}

run "a_misnamed_contract_is_refused" {
  command = plan
  variables {
    models_dir = "tests/misnamed"
  }
  expect_failures = [output.tables]
}

run "an_empty_folder_is_refused" {
  command = plan
  variables {
    models_dir = "tests/empty"
  }
  expect_failures = [output.tables]
}

run "a_lake_without_a_prefix_is_refused" {
  command = plan
  variables {
    lake_uri = "s3://a-bucket/"
    layers   = ["silver", "copper"]
  }
  expect_failures = [var.lake_uri, var.layers]
}
