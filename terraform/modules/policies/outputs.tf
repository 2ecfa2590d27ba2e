output "roles" {
  description = "Permissions as JSON by role: runner, operator, emr, execution, events, analyst, member_reader."
  value = {
    for role, statements in merge(local.processes, local.others) : role => jsonencode({ Version = "2012-10-17", Statement = statements })
  }

  precondition {
    condition     = length(local.unknown_services) == 0
    error_message = "iam_actions.yml must say on what these services' actions may be allowed: ${join(", ", local.unknown_services)}"
  }
  precondition {
    condition     = length(local.writes_in_account) == 0
    error_message = "Writes need something of finlake's own to be allowed on: ${join(", ", local.writes_in_account)}"
  }
}

output "trust" {
  description = "Trust policies as JSON by role; also of backup, whose permissions are AWS's own."
  value       = { for role, statements in local.trust : role => jsonencode({ Version = "2012-10-17", Statement = statements }) }
}

output "buckets" {
  description = "Bucket policies as JSON by use."
  value       = { for use, statements in local.buckets : use => jsonencode({ Version = "2012-10-17", Statement = statements }) }
}

output "key" {
  description = "Policy of finlake's KMS key as JSON."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.key })
}

output "topic" {
  description = "Policy of the topic for alarms as JSON."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.topic })
}

output "queue" {
  description = "Policy of the queue for events that started no run, as JSON."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.queue })
}

output "granted" {
  description = "Each listed operation with its actions and what they are about: for tests and for auditors."
  value       = local.granted
}

output "beside" {
  description = "Actions that are allowed although no line of finlake's code calls them, each with its reason."
  value       = local.mapping.beside
}
