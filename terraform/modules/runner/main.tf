resource "aws_cloudwatch_log_group" "this" {
  name              = var.log.group
  retention_in_days = var.log.days
  kms_key_id        = var.log.key_arn
  tags              = var.tags
}

resource "aws_ecs_cluster" "this" {
  name = var.prefix
  tags = var.tags

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

# Nothing comes in; out goes HTTPS, to S3 and the other services.
resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:attached by the rule's target (modules/trigger) and by Airflow's service (modules/airflow)
  name        = "${var.prefix}-runner"
  description = "finlake: no way in, HTTPS out"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS's services"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}

resource "aws_ecs_task_definition" "run" {
  #checkov:skip=CKV_AWS_336:finlake, dbt and DuckDB spill to the task's own disk, which ends with the task
  family                   = "${var.prefix}-run"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory_mib
  execution_role_arn       = var.roles.execution
  task_role_arn            = var.roles.runner
  tags                     = var.tags

  ephemeral_storage {
    size_in_gib = var.size.disk_gib
  }

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([{
    name        = "finlake"
    image       = var.image
    essential   = true
    command     = var.command
    environment = [for name in sort(keys(var.environment)) : { name = name, value = var.environment[name] }]
    secrets     = [for name in sort(keys(var.secrets)) : { name = name, valueFrom = var.secrets[name] }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = split(":", aws_cloudwatch_log_group.this.arn)[3]
        awslogs-stream-prefix = "run"
      }
    }
  }])
}
