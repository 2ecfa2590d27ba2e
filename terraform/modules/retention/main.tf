# What goes away when, as data. Nothing here lets a current object of the lake expire: deliveries are the bill's memory.
locals {
  nothing = {
    prefix = "", expire_days = null, noncurrent_days = null, transition_days = null, transition_class = null, abort_days = null
  }
  kept = merge(local.nothing, { id = "older-versions", noncurrent_days = var.undo_days, abort_days = 7 })

  rules = {
    lake = concat([local.kept], var.bronze_to_infrequent_days == null ? [] : [
      merge(local.nothing, {
        id               = "bronze-is-read-seldom"
        prefix           = "${var.lake_prefix}/bronze/"
        transition_days  = var.bronze_to_infrequent_days
        transition_class = "GLACIER_IR"
      })
    ])
    exports = concat([local.kept], var.exports_days == null ? [] : [
      merge(local.nothing, { id = "bronze-has-them", expire_days = var.exports_days })
    ])
    results = [merge(local.nothing, { id = "results", expire_days = var.results_days, noncurrent_days = 1, abort_days = 1 })]
    audit   = [merge(local.nothing, { id = "after-the-lock", expire_days = var.audit.kept_days, noncurrent_days = 30, abort_days = 7 })]
    logs    = [merge(local.nothing, { id = "logs", expire_days = var.log_days, noncurrent_days = 1, abort_days = 1 })]
  }

  backup_rules = {
    daily   = { schedule = "cron(0 5 * * ? *)", keep_days = var.backup_days }
    monthly = { schedule = "cron(0 6 1 * ? *)", keep_days = max(365, 12 * var.backup_days) }
  }
}
