locals {
  rules = {
    # AWS writes the manifest after the last data file: what it names is there.
    new-manifest = {
      says     = "a new manifest in the exports bucket"
      schedule = null
      pattern = jsonencode({
        source      = ["aws.s3"]
        detail-type = ["Object Created"]
        detail      = { bucket = { name = [var.bucket] }, object = { key = [{ suffix = "Manifest.json" }] } }
      })
    }
    in-any-case = { says = "whatever was missed", schedule = var.schedule, pattern = null }
  }
}

resource "aws_sqs_queue" "lost" {
  name                      = "${var.prefix}-lost-events"
  message_retention_seconds = 1209600
  kms_master_key_id         = var.key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "lost" {
  queue_url = aws_sqs_queue.lost.id
  policy    = var.queue_policy
}

resource "aws_cloudwatch_event_rule" "run" {
  for_each = local.rules

  name                = "${var.prefix}-${each.key}"
  description         = "finlake: ${each.value.says}"
  event_pattern       = each.value.pattern
  schedule_expression = each.value.schedule
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "run" {
  for_each = { for name, rule in local.rules : name => rule if var.starts_runs }

  rule      = aws_cloudwatch_event_rule.run[each.key].name
  target_id = "run"
  arn       = var.task.cluster_arn
  role_arn  = var.task.role_arn

  ecs_target {
    # Without its revision: always the newest.
    task_definition_arn = replace(var.task.task_definition_arn, "/:[0-9]+$/", "")
    launch_type         = "FARGATE"
    task_count          = 1

    network_configuration {
      subnets          = var.task.subnet_ids
      security_groups  = var.task.security_group_ids
      assign_public_ip = false
    }
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 8
  }

  dead_letter_config {
    arn = aws_sqs_queue.lost.arn
  }
}

# A container that ended badly: a refused delivery (3), a failed check (6), no memory (137); or a task that never started: its
# image or a secret couldn't be had. Not told: 0, and 5, another run held the lake all the time that this one waited; the schedule
# takes what was delivered. Code 7 is told: nothing was delivered yet, but also a source that can't be read any more.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.prefix}-run-failed"
  description = "finlake: a task ended with an error"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = {
      clusterArn = [var.task.cluster_arn]
      lastStatus = ["STOPPED"]
      "$or" = [
        { containers = { exitCode = [{ anything-but = [0, 5] }] } },
        { stopCode = ["TaskFailedToStart"] },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule      = aws_cloudwatch_event_rule.failed.name
  target_id = "tell"
  arn       = var.topic_arn

  input_transformer {
    input_paths = {
      task   = "$.detail.taskArn"
      reason = "$.detail.stoppedReason"
    }
    input_template = "\"finlake: a run failed (<reason>). Log: stream of task <task>. Published figures are the last good ones. Exit code 7 before the first delivery: nothing is wrong.\""
  }
}
