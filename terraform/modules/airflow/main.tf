# One task with Airflow's scheduler (LocalExecutor: finlake's commands run inside it, so they share one writer lock),
# DAG processor and API server, as in docs/runbooks/airflow.md, "In your own Airflow".
locals {
  database_secret = aws_db_instance.this.master_user_secret[0].secret_arn

  settings = {
    # The Dockerfile's VOLUME: the mount takes its owner from there, finlake and not root.
    AIRFLOW_HOME                               = "/opt/finlake/airflow-home"
    AIRFLOW__CORE__DAGS_FOLDER                 = var.dags_dir
    AIRFLOW__CORE__EXECUTOR                    = "LocalExecutor"
    AIRFLOW__CORE__PARALLELISM                 = "2"
    AIRFLOW__CORE__LOAD_EXAMPLES               = "False"
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION = "False" # nobody reaches the UI to unpause them
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL    = "http://localhost:8080/execution/"
    AIRFLOW__API__PORT                         = "8080"
    AIRFLOW__API__INSTANCE_NAME                = var.prefix
    # libpq and asyncpg take the password from PGPASSWORD: it stands in no address and in no log. PGSSLMODE too is read by both;
    # in the address asyncpg wouldn't know it.
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN = "postgresql+psycopg2://${aws_db_instance.this.username}@${aws_db_instance.this.endpoint}/airflow"
    PGSSLMODE                           = "require"
  }
  secrets = {
    PGPASSWORD                    = "${local.database_secret}:password::"
    AIRFLOW__CORE__FERNET_KEY     = "${var.secret_arn}:fernet_key::"
    AIRFLOW__API_AUTH__JWT_SECRET = "${var.secret_arn}:jwt_secret::"
  }
  all_settings = merge(local.settings, var.environment)

  commands = {
    migrate       = ["airflow", "db", "migrate"]
    scheduler     = ["airflow", "scheduler"]
    dag-processor = ["airflow", "dag-processor"]
    api-server    = ["airflow", "api-server"]
  }
  containers = [for name in sort(keys(local.commands)) : {
    name        = name
    image       = var.image
    essential   = name != "migrate"
    command     = local.commands[name]
    environment = [for key in sort(keys(local.all_settings)) : { name = key, value = local.all_settings[key] }]
    secrets     = [for key in sort(keys(local.secrets)) : { name = key, valueFrom = local.secrets[key] }]
    mountPoints = [{ sourceVolume = "home", containerPath = local.settings.AIRFLOW_HOME, readOnly = false }]
    dependsOn   = name == "migrate" ? [] : [{ containerName = "migrate", condition = "SUCCESS" }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = var.log.group, awslogs-region = var.log.region, awslogs-stream-prefix = "airflow" }
    }
  }]
}

resource "aws_ecs_task_definition" "this" {
  #checkov:skip=CKV_AWS_336:finlake, dbt and DuckDB spill to the task's own disk, which ends with the task
  family                   = "${var.prefix}-airflow"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory_mib
  execution_role_arn       = var.roles.execution
  task_role_arn            = var.roles.runner
  container_definitions    = jsonencode(local.containers)
  tags                     = var.tags

  # The API server shows the logs that the scheduler's tasks write.
  volume {
    name = "home"
  }

  ephemeral_storage {
    size_in_gib = var.size.disk_gib
  }

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }
}

resource "aws_ecs_service" "this" {
  name                               = "${var.prefix}-airflow"
  cluster                            = var.cluster_arn
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = 1
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 0 # the old scheduler ends before the new one starts: a lake has one writer
  deployment_maximum_percent         = 100
  propagate_tags                     = "SERVICE"
  enable_execute_command             = false
  tags                               = var.tags

  network_configuration {
    subnets          = var.network.subnet_ids
    security_groups  = [var.network.security_group_id]
    assign_public_ip = false
  }
}
