# Airflow's own state: runs and their history. Losing it loses no figure.
resource "aws_db_subnet_group" "this" {
  name       = "${var.prefix}-airflow"
  subnet_ids = var.network.subnet_ids
  tags       = var.tags
}

resource "aws_security_group" "database" {
  name        = "${var.prefix}-airflow-database"
  description = "finlake: PostgreSQL from finlake's tasks only"
  vpc_id      = var.network.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = var.network.security_group_id
  description                  = "finlake's tasks"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "to_database" {
  security_group_id            = var.network.security_group_id
  referenced_security_group_id = aws_security_group.database.id
  description                  = "Airflow's database"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  tags                         = var.tags
}

resource "aws_db_parameter_group" "this" {
  name        = "${var.prefix}-airflow"
  family      = "postgres16"
  description = "finlake: TLS only, statements that change the schema are logged"
  tags        = var.tags

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:one zone is enough: without it runs wait, and no figure is lost
  #checkov:skip=CKV_AWS_118:what the database's host does is of no use for a few rows a day
  #checkov:skip=CKV_AWS_353:the same holds for Performance Insights
  #checkov:skip=CKV_AWS_161:Airflow knows passwords only; RDS makes and changes this one in Secrets Manager
  identifier                      = "${var.prefix}-airflow"
  engine                          = "postgres"
  engine_version                  = "16"
  instance_class                  = var.size.database
  allocated_storage               = var.size.database_gib
  storage_type                    = "gp3"
  storage_encrypted               = true
  kms_key_id                      = var.key_arn
  db_name                         = "airflow"
  username                        = "airflow"
  manage_master_user_password     = true
  master_user_secret_kms_key_id   = var.key_arn
  db_subnet_group_name            = aws_db_subnet_group.this.name
  parameter_group_name            = aws_db_parameter_group.this.name
  vpc_security_group_ids          = [aws_security_group.database.id]
  publicly_accessible             = false
  multi_az                        = false
  backup_retention_period         = 7
  copy_tags_to_snapshot           = true
  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  deletion_protection             = true
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${var.prefix}-airflow-last"
  tags                            = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

# RDS changes the password every 7 days by itself. A task is given it when it starts, so that each change wants a new deployment
# (README): four times a year instead.
resource "aws_secretsmanager_secret_rotation" "database" {
  secret_id          = local.database_secret
  rotate_immediately = false

  rotation_rules {
    automatically_after_days = 90
  }
}
