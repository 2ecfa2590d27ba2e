# Policies of key, topic and queue, and who may take which role.
locals {
  root = "arn:${var.aws.partition}:iam::${var.aws.account_id}:root"

  key = [
    {
      # Without it nobody could ever change the key again; IAM policies of the account decide who may use it.
      Sid = "Account", Effect = "Allow", Principal = { AWS = local.root }, Action = "kms:*", Resource = "*"
    },
    {
      Sid       = "Logs", Effect = "Allow", Principal = { Service = "logs.${var.aws.region}.amazonaws.com" }, Resource = "*"
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${var.aws.partition}:logs:${var.aws.region}:${var.aws.account_id}:*" } }
    },
    {
      Sid       = "Alarms", Effect = "Allow", Resource = "*", Action = ["kms:Decrypt", "kms:GenerateDataKey*"], Condition = local.here
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
    },
    {
      # AWS gives this statement without a condition: EventBridge fills in none when it tells a topic.
      Sid       = "Events", Effect = "Allow", Resource = "*", Action = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Principal = { Service = "events.amazonaws.com" }
    },
    {
      Sid       = "Trail", Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Resource = "*"
      Action    = ["kms:DescribeKey", "kms:GenerateDataKey*"]
      Condition = { StringEquals = { "aws:SourceArn" = local.trail } }
    },
    {
      Sid       = "Deliveries", Effect = "Allow", Resource = "*", Action = ["kms:Decrypt", "kms:GenerateDataKey*"], Condition = local.here
      Principal = { Service = ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"] }
    },
  ]
  # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge" (AWS, EventBridge user guide): its statement has none.
  topic_arn = "arn:${var.aws.partition}:sns:${var.aws.region}:${var.aws.account_id}:${var.names.prefix}-alarms"
  topic = [
    {
      Sid       = "TellPeople", Effect = "Allow", Action = ["sns:Publish"], Condition = local.here, Resource = [local.topic_arn]
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
    },
    {
      Sid       = "TellOfFailedRuns", Effect = "Allow", Action = ["sns:Publish"], Resource = [local.topic_arn]
      Principal = { Service = "events.amazonaws.com" }
    },
  ]
  queue = [{
    Sid       = "KeepLostEvents", Effect = "Allow", Action = ["sqs:SendMessage"], Principal = { Service = "events.amazonaws.com" }
    Resource  = ["arn:${var.aws.partition}:sqs:${var.aws.region}:${var.aws.account_id}:${var.names.prefix}-lost-events"]
    Condition = { ArnLike = { "aws:SourceArn" = "arn:${var.aws.partition}:events:${var.aws.region}:${var.aws.account_id}:rule/${var.names.prefix}-*" } }
  }]

  trusted_services = {
    runner    = "ecs-tasks.amazonaws.com"
    execution = "ecs-tasks.amazonaws.com"
    emr       = "emr-serverless.amazonaws.com"
    events    = "events.amazonaws.com"
    backup    = "backup.amazonaws.com"
  }
  trust = merge(
    { for role, service in local.trusted_services : role => [
      { Sid = "Service", Effect = "Allow", Action = ["sts:AssumeRole"], Principal = { Service = service }, Condition = local.here }
    ] },
    {
      # In a member account: the runner's role alone, and only with the external id.
      member_reader = [{
        Sid       = "TheRunnerOnly", Effect = "Allow", Action = ["sts:AssumeRole"], Principal = { AWS = local.runner_account }
        Condition = { StringEquals = { "sts:ExternalId" = var.members.external_id }, ArnEquals = { "aws:PrincipalArn" = local.arns.runner_role } }
      }]
      analyst  = local.people
      operator = local.people
    }
  )
  people = [{
    Sid       = "PeopleOfTheAccount", Effect = "Allow", Action = ["sts:AssumeRole"], Principal = { AWS = local.root }
    Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
  }]
  runner_account = local.root
}
